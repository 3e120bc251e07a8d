"""The hand tools, in the order of their buttons."""

from napari_ncut.plugin.tools.cut import CutTool
from napari_ncut.plugin.tools.delete import DeleteTool
from napari_ncut.plugin.tools.merge import MergeTool
from napari_ncut.plugin.tools.seeds import SeedsTool
from napari_ncut.plugin.tools.tool import Tool

TOOLS: tuple[type[Tool], ...] = (CutTool, MergeTool, DeleteTool, SeedsTool)

__all__ = ["TOOLS", "Tool"]
