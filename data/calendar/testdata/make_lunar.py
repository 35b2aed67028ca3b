"""Prints the table of korea.go: for each year from 1950 to 2050 the solar dates of the
first day of the lunar year, of the 8th of its 4th month and of the 15th of its 8th, by
the tables of the Korea Astronomy and Space Science Institute that korean_lunar_calendar
holds (see requirements.txt)."""
from korean_lunar_calendar import KoreanLunarCalendar

for year in range(1950, 2051):
    row = []
    for month, day in (1, 1), (4, 8), (8, 15):
        c = KoreanLunarCalendar()
        assert c.setLunarDate(year, month, day, False)
        row.append(c.SolarIsoFormat()[5:].replace("-", ""))
    print(year, *row)
