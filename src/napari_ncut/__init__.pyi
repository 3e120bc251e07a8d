from .affinity import ncut_value as ncut_value
