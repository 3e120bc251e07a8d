from .affinity import ncut_value as ncut_value
from .necks import SplitTree as SplitTree
from .necks import split_touching as split_touching
from .necks import split_tree as split_tree
