"""Writes sacrebleu.json: what sacreBLEU says of made sentences.

    pip install -r requirements.txt
    python make_sacrebleu.py
"""

import json
import os
import random

import sacrebleu

WORDS = """the a cat dog man, woman; runs. sits "on" (under) 3.5 1,000 12-14 don't e.g. U.S. naïve Straße 고양이가 앉아 있다.
&quot;x&quot; &amp; a/b [b] {c} @home #1 50% $9 - -- ... ! ?""".split()


def sentence(r, words):
    return " ".join(r.choice(words) for _ in range(r.randint(1, 14)))


def noisy(r, s):
    out = []
    for w in s.split():
        p = r.random()
        if p < 0.15:
            continue
        out.append(r.choice(WORDS) if p < 0.3 else w)
        if p > 0.95:
            out.append(w)
    return " ".join(out)


def main():
    r = random.Random(7)
    cases = []
    for i in range(40):
        n = r.choice([1, 1, 2, 5, 20])
        words = WORDS if i % 3 else WORDS[:6]
        refs = [[sentence(r, words) for _ in range(n)] for _ in range(r.choice([1, 1, 3]))]
        hyps = [noisy(r, refs[0][k]) if r.random() < 0.9 else sentence(r, WORDS) for k in range(n)]
        if i == 7:
            hyps[0] = ""
        case = {"hyps": hyps, "refs": refs, "chrf": sacrebleu.corpus_chrf(hyps, refs).score,
                "chrf++": sacrebleu.corpus_chrf(hyps, refs, word_order=2).score}
        for tok in ("13a", "none", "char"):
            case[tok] = bleu(sacrebleu.corpus_bleu(hyps, refs, tokenize=tok))
            case["sentence " + tok] = bleu(sacrebleu.sentence_bleu(hyps[0], [x[0] for x in refs], tokenize=tok))
        cases.append(case)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sacrebleu.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")


def bleu(b):
    return {"score": b.score, "precisions": b.precisions, "bp": b.bp, "words": b.sys_len, "refs": b.ref_len}


if __name__ == "__main__":
    main()
