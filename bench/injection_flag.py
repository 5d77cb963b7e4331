"""The cheap flag for text that instructs its reader: recall on hostile texts, false alarms on real ones.

Many hostile rows carry no sign of addressing a model (XSS strings, harmless sentences, noise): recall over all of
them has a low ceiling. The model's own flag comes on top of this one.
"""

import gzip
import json
import sys
import time
from collections import defaultdict

from earshot.text.injection import conversation_instructs, instructs
from local_model import DATA, conversation


def main() -> None:
    path = DATA / "injections.jsonl.gz"
    if not path.is_file():
        sys.exit(f"the evaluation folder is not there: {path}")
    flags: dict[tuple[bool, str], list[bool]] = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            flags[not row["malicious"], row["source"].split(" (")[0]].append(instructs(row["text"]))
    for (benign, source), found in sorted(flags.items()):
        kind = "benign" if benign else "hostile"
        print(f"{kind:8} {source:58} {sum(found):4} of {len(found):4}  {sum(found) / len(found):.1%}")
    for benign, name in ((False, "recall, all hostile rows"), (True, "false alarms, benign controls")):
        every = [flag for (kind, _), found in flags.items() if kind is benign for flag in found]
        print(f"{name}: {sum(every)} of {len(every)}, {sum(every) / len(every):.2%}")
    with gzip.open(DATA / "conversations.jsonl.gz", "rt") as lines:
        real = [conversation(json.loads(line)) for line in lines]
    began = time.perf_counter()
    alarms = sum(conversation_instructs(one) for one in real)
    each = (time.perf_counter() - began) / len(real)
    share = alarms / len(real)
    print(f"false alarms, real conversations: {alarms} of {len(real)}, {share:.2%}; {each * 1e6:.0f} µs each")


if __name__ == "__main__":
    main()
