/** A program of pip, by whatever name it is started, with its own options: `python -m pip --no-cache-dir`. */
const PIP = String.raw`(?:^|[\s;&|(])(?:\S*/)?(?:pip[\d.]*|python[\d.]*\s+-m\s+pip|uv\s+pip)(?:\s+--?[\w-]+(?:=\S+)?)*`

const CALL = new RegExp(String.raw`${PIP}\s+(?:install|wheel)\b([^;&|]*)`, 'g')
const FILE = /\s(?:-r|--requirement)[\s=]*(\S+)/g

/** Lists of requirements that a command has pip build or install: `pip wheel` builds what `pip install` would. */
export function requirementLists(command: string): readonly string[] {
  return [...command.matchAll(CALL)].flatMap(([, words = '']) =>
    [...words.matchAll(FILE)].map(([, path = '']) => path.replace(/["']/g, '')),
  )
}
