"""Files that somebody made to do harm: each function makes one case; the corpus begins with all of them."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.hostile_archives import ARCHIVES
from scripts.bad_input_lib.hostile_arrays import ARRAYS
from scripts.bad_input_lib.hostile_hdf5 import HDF5
from scripts.bad_input_lib.hostile_text import TEXTS
from scripts.bad_input_lib.hostile_wfdb import WFDB
from scripts.bad_input_lib.seeds import Seed

Good = Callable[[str], Seed]

HOSTILE: tuple[Callable[[Good], Case], ...] = (*WFDB, *ARCHIVES, *ARRAYS, *HDF5, *TEXTS)
