"""Entry of the process of `per_record`, whose DoFns must not lie in `__main__`."""

import sys

from tests.bench.per_record import main

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])  # type: ignore[arg-type]  # `measure` is the only caller
