# To be sourced, by bash or zsh: puts node, npm and uv of this checkout on PATH. scripts/setup makes them.

_top=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
export PATH="$_top/.dev/bin:$PATH"

# Without compiled bytecode every start of Home Assistant takes four times as long.
unset PYTHONDONTWRITEBYTECODE

# What uv and Playwright download stays in the checkout; their ordinary caches do not.
export UV_PYTHON_INSTALL_DIR="$_top/.dev/pythons"
export PLAYWRIGHT_BROWSERS_PATH="$_top/.dev/browsers"

unset _top
