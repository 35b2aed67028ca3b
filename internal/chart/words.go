package chart

// Words are the fixed words of a page. Values stand for {0}, {1} and so on.
type Words struct {
	Lang    string `json:"lang"`    // language of the page, such as en
	Notes   string `json:"notes"`   // title of the notes
	Values  string `json:"values"`  // what opens the values of a chart
	Series  string `json:"series"`  // name of the switches that hide series
	Hidden  string `json:"hidden"`  // stands before the series that are hidden
	Read    string `json:"read"`    // name of the slider that reads values
	Zoom    string `json:"zoom"`    // name of the buttons that zoom
	ZoomIn  string `json:"zoomIn"`  // button
	ZoomOut string `json:"zoomOut"` // button
	All     string `json:"all"`     // button that shows all of the chart
	Scripts string `json:"scripts"` // instead of a chart, where scripts do not run
	None    string `json:"none"`    // instead of a chart that an item does not have

	Find     string `json:"find"`     // field that takes a part of the name of an item
	Order    string `json:"order"`    // list of orders
	AsGiven  string `json:"asGiven"`  // order of the items
	ByName   string `json:"byName"`   // order
	Worst    string `json:"worst"`    // order
	Best     string `json:"best"`     // order
	Item     string `json:"item"`     // list of the items
	Previous string `json:"previous"` // button
	Next     string `json:"next"`     // button
	Found    string `json:"found"`    // items with the part of the name
	Missing  string `json:"missing"`  // no item has it

	Origin  string `json:"origin"`  // slider of the origins
	Earlier string `json:"earlier"` // button
	Later   string `json:"later"`   // button
	Whole   string `json:"whole"`   // button that shows the forecasts from several origins together
	Steps   string `json:"steps"`   // what they are
	Step    string `json:"step"`    // the forecast from one origin
	Within  string `json:"within"`  // values that lie within a band
	Error   string `json:"error"`   // mean error of a forecast
}

// English are the words of a page in English.
var English = Words{
	Lang: "en", Notes: "Notes", Values: "Values", Series: "Series", Hidden: "Hidden:", Read: "Read values at",
	Zoom: "Zoom", ZoomIn: "Zoom in", ZoomOut: "Zoom out", All: "All", Scripts: "The chart needs JavaScript; its values are below.",
	None: "There is none of this series.",
	Find: "Find", Order: "Order", AsGiven: "as in the file", ByName: "by name", Worst: "worst first", Best: "best first",
	Item: "Time series", Previous: "Previous", Next: "Next", Found: "Series found: {0}.", Missing: "No series has this in its name.",
	Origin: "Origin", Earlier: "Earlier origin", Later: "Later origin", Whole: "All origins",
	Steps: "Origins: {0}. Shown together are forecasts that do not overlap.", Step: "Forecast after {0}, origin {1} of {2}.",
	Within: "Within the {0}: {1} of {2} values.", Error: "Mean absolute error of {0}: {1}.",
}
