import { PLAIN, SETTINGS } from './django-environment.ts'
import { type Files, type Lay, ofFiles } from './files.ts'

function ofSettings(change: (text: string) => string): Lay {
  return ofFiles(path => SETTINGS.test(path), change)
}

function ofPython(change: (text: string) => string): Lay {
  return ofFiles(
    (path, text) =>
      path.endsWith('.py') && /django|urlpatterns|ALLOWED_HOSTS/.test(text) && !/"""|'''/.test(text),
    change,
  )
}

function ofWsgi(change: (text: string) => string): Lay {
  return ofFiles(
    (path, text) => /(?:wsgi|asgi|manage)\.py$/.test(path) && !text.includes('load_dotenv'),
    change,
  )
}

function ofUrls(change: (text: string) => string): Lay {
  return ofFiles((path, text) => path.endsWith('.py') && text.includes('urlpatterns'), change)
}

function typeOf(value: string): string {
  return value.startsWith('[')
    ? 'list[str]'
    : value.startsWith('"')
      ? 'str'
      : /^\d/.test(value)
        ? 'int'
        : 'bool'
}

/** Statements at the left margin, each with the lines that belong to it. */
function statementsOf(text: string): readonly string[] {
  return text.split(/\n(?=[^\s\])}#])/)
}

/** What a project says for its server alone. */
function isOfProduction(statement: string, all: readonly string[]): boolean {
  const name =
    /^((?:DEBUG|ALLOWED_HOSTS|DATABASES|CACHES|STORAGES|LOGGING|(?:SECURE|CSRF|SESSION|STATIC|MEDIA|STATICFILES|EMAIL|CORS|CELERY|USE_X|FORCE|PREPEND|SENDFILE)_\w*)) = /.exec(
      statement,
    )?.[1]
  return (
    name !== undefined && all.every(each => each === statement || !new RegExp(`\\b${name}\\b`).test(each))
  )
}

/** A package of settings: what is for all of them, and what is for production. */
function inPackage(isMoved: (statement: string, all: readonly string[]) => boolean): Lay {
  return files => {
    const found = Object.keys(files).flatMap(path => SETTINGS.exec(path) ?? [])
    const [path, directory, name] = found
    if (
      found.length !== 3 ||
      path === undefined ||
      Object.keys(files).some(each => each.startsWith(`${directory}/settings/`))
    )
      return null
    if (Object.entries(files).some(([each, text]) => each !== path && text.includes('settings.py')))
      return null
    const text = deeper(files[path] ?? '')
    if (text === null || /\bexec|globals\(\)|^(?:<<<<|\{%)/m.test(text)) return null
    const statements = statementsOf(text)
    const moved = statements.filter(each => isMoved(each, statements))
    if (moved.length === 0 && isMoved === isOfProduction) return null
    const base = statements.filter(each => !moved.includes(each))
    // Another file that is named after the package is left as it is.
    const rest = Object.entries(files).filter(([each]) => each !== path)
    return {
      ...Object.fromEntries(
        rest.map(([each, other]) => [
          each,
          other.replace(new RegExp(`\\b${name}\\.settings\\b(?![./])`, 'g'), `${name}.settings.production`),
        ]),
      ),
      [`${directory}/settings/__init__.py`]: '',
      [`${directory}/settings/base.py`]: `${base.join('\n')}\n`,
      [`${directory}/settings/production.py`]: `from .base import *\n\n${moved.join('\n')}\n`,
    }
  }
}

/** A file of settings one directory deeper; null where it says where it lies in another way. */
function deeper(text: string): string | null {
  const moved = text
    .replaceAll('Path(__file__).resolve().parent', 'Path(HERE).resolve().parent.parent')
    .replaceAll('os.path.abspath(__file__)', 'os.path.dirname(os.path.abspath(HERE))')
    .replace(/^from \.(?=\w)/gm, 'from ..')
  return moved.includes('__file__') || /^from \. /m.test(moved) ? null : moved.replaceAll('HERE', '__file__')
}

const SECURE =
  /^(?:(?:SECURE|CSRF|SESSION|STATIC|CORS|PREPEND)_\w+|ALLOWED_HOSTS|DATABASES|CACHES|STORAGES|LOGGING|STATICFILES_STORAGE|MEDIA_ROOT|EMAIL_\w+) = /

function isAlone(statement: string, all: readonly string[]): boolean {
  const [name = ''] = /^\w+/.exec(statement) ?? []
  return all.every(each => each === statement || !new RegExp(`\\b${name}\\b`).test(each))
}

/** What is for the server stands below `if not DEBUG:`. */
function unlessDebug(text: string): string {
  const statements = statementsOf(text)
  if (/"""|^if |import \*|^DEBUG = (?!False)/m.test(text)) return text
  const moved = statements.filter(each => SECURE.test(each) && isAlone(each, statements))
  if (moved.length === 0) return text
  const rest = statements.filter(each => !moved.includes(each))
  const debug = text.includes('DEBUG =') ? [] : ['DEBUG = False']
  return [
    ...rest,
    ...debug,
    '',
    'if not DEBUG:',
    ...moved.map(each => each.trimEnd().replace(/^(?=.)/gm, '    ')),
    '',
  ].join('\n')
}

/** The same, with what it is on the machine of whoever writes it. */
function byMode(text: string): string {
  const statements = statementsOf(text)
  if (/"""|^if |import \*|^DEBUG = (?!False)/m.test(text)) return text
  const plain = statements.filter(
    each => new RegExp(PLAIN.source).test(each.trimEnd()) && SECURE.test(each) && isAlone(each, statements),
  )
  if (plain.length === 0) return text
  const rest = statements.filter(each => !plain.includes(each))
  const debug = text.includes('DEBUG =') ? [] : ['DEBUG = False']
  const other = plain.map(
    each =>
      `    ${/^\w+/.exec(each)?.[0]} = ${each.includes('= [') ? '["localhost"]' : /= (?:True|False)/.test(each) ? 'False' : 'None'}`,
  )
  return [
    ...rest,
    ...debug,
    '',
    'if DEBUG:',
    ...other,
    'else:',
    ...plain.map(each => `    ${each.trimEnd()}`),
    '',
  ].join('\n')
}

/** A list of one line, without a comma at its end. */
const LISTED = /^([A-Z][A-Z0-9_]*) = \[((?:(?! for )[^[\]\n#])*(?<![, ]))\]$/gm

/** Lists of one line that nothing else adds to, or adds. */
function changedLists(text: string, change: (name: string, items: string) => string): string {
  const statements = statementsOf(text)
  return statements
    .map(statement =>
      isAlone(statement, statements)
        ? statement.replace(LISTED, (_, name, items) => change(name, items))
        : statement,
    )
    .join('\n')
}

/** Paths below the directory of the project are said by it. */
function paths(write: (base: string) => string): Lay {
  return files => {
    const image = /^WORKDIR (\/\w+)$/m.exec(files.Dockerfile ?? '')?.[1]
    return ofFiles(
      path => SETTINGS.test(path),
      (text, path) => {
        const home = path.split('/').slice(0, -2).join('/')
        const directory = home === '' ? image : `/${home}`
        if (directory === undefined || /BASE_DIR|"""/.test(text)) return text
        const changed = text.replaceAll(new RegExp(`"${directory}/([\\w./-]+)"`, 'g'), (_, base) =>
          write(base),
        )
        const head =
          'import os\nfrom pathlib import Path\n\nBASE_DIR = Path(__file__).resolve().parent.parent'
        return changed === text ? text : `${head}\n\n${changed}`
      },
    )(files)
  }
}

/** `dict(ENGINE="…")`, of dictionaries of one line whose keys are words. */
function ofDict(text: string): string {
  return text.replace(/^(\w+) = (\{"\w+": .*\})$/gm, (all, name, value) => {
    const changed = value
      .replaceAll(/"(\w+)": /g, '$1=')
      .replaceAll('{', 'dict(')
      .replaceAll('}', ')')
    return /\("|": /.test(changed.replaceAll(/"[^"]*"/g, '""')) || /%\(/.test(value)
      ? all
      : `${name} = ${changed}`
  })
}

/** The unit says which settings are meant, and the script does not. */
function moduleOfUnit(files: Files): Files | null {
  const units = Object.keys(files).filter(path => path.endsWith('.service'))
  const scripts = Object.entries(files).filter(
    ([path, text]) => /[aw]sgi\.py$/.test(path) && MODULE.test(text),
  )
  const [script] = scripts
  if (
    units.length !== 1 ||
    scripts.length !== 1 ||
    script === undefined ||
    JSON.stringify(files).includes('anage.py')
  )
    return null
  const module = MODULE.exec(script[1])?.[1]
  const unit = files[units[0] ?? ''] ?? ''
  if (/DJANGO_SETTINGS|EnvironmentFile/.test(unit)) return null
  return {
    ...files,
    [script[0]]: script[1].replace(MODULE, ''),
    [units[0] ?? '']: unit.replace(
      '[Service]\n',
      `[Service]\nEnvironment="DJANGO_SETTINGS_MODULE=${module}"\n`,
    ),
  }
}

const MODULE = /^os\.environ(?:\.setdefault\(|\[)"DJANGO_SETTINGS_MODULE"(?:, |\] = )"([\w.]+)"\)?$/m

const CONVERTERS: Readonly<Record<string, string>> = {
  int: '[0-9]+',
  str: '[^/]+',
  slug: '[-a-zA-Z0-9_]+',
  path: '.+',
}

/** `re_path(r"^orders/(?P<number>[0-9]+)/$", …)` for `path("orders/<int:number>/", …)`. */
function patternsOfPaths(text: string): string {
  if (/<(?!(?:int|str|slug|path):|\w+>)/.test(text)) return text
  const changed = text.replace(
    /(?<![\w.])path\("([^"]*)", ?(include\(|\w+\.site\.urls)?/g,
    (_, route: string, included) => {
      const pattern = route.replace(/<(?:(\w+):)?(\w+)>|[.]/g, (all, converter = 'str', name) =>
        all === '.' ? '\\.' : `(?P<${name}>${CONVERTERS[converter]})`,
      )
      return `re_path(r"^${pattern}${included === undefined ? '$' : ''}", ${included ?? ''}`
    },
  )
  return changed === text ? text : changed.replace(/^(from django\.urls import .*)$/m, '$1, re_path')
}

/** Other words for what a project of Django says, which Python takes for the same. */
export const djangoSpellings: Readonly<Record<string, Lay>> = {
  settingsPackage: inPackage(() => false),
  settingsOfProduction: inPackage(isOfProduction),
  settingsUnlessDebug: ofSettings(unlessDebug),
  settingsByMode: ofSettings(byMode),
  settingsTuples: ofSettings(text =>
    changedLists(text, (name, items) => `${name} = (${items}${items && ','})`),
  ),
  settingsAdded: ofSettings(text =>
    changedLists(text, (name, items) => `${name} = []\n${name} += [${items}]`),
  ),
  settingsExtended: ofSettings(text =>
    changedLists(text, (name, items) => `${name} = []\n${name}.extend([${items}])`),
  ),
  settingsSummed: ofSettings(text =>
    changedLists(
      text,
      (name, items) => `OUR_${name} = [${items}]\nMORE_${name} = []\n${name} = OUR_${name} + MORE_${name}`,
    ),
  ),
  settingsSpread: ofSettings(text =>
    changedLists(text, (name, items) => `OUR_${name} = [${items}]\n${name} = [*OUR_${name}]`),
  ),
  settingsAnnotated: ofSettings(text =>
    text.replace(PLAIN, (_, name, value) => `${name}: ${typeOf(value)} = ${value}`),
  ),
  settingsSingleQuotes: ofPython(text => (text.includes("'") ? text : text.replaceAll('"', "'"))),
  settingsCommented: ofPython(text => text.replace(/(?<=[\w\])}"'])$/gm, '  # noqa: E501')),
  settingsPaths: paths(base => `BASE_DIR / "${base}"`),
  settingsJoinedPaths: paths(base => `os.path.join(BASE_DIR, "${base}")`),
  settingsPathTexts: paths(base => `str(BASE_DIR / "${base}")`),
  settingsFormattedPaths: paths(base => `f"{BASE_DIR}/${base}"`),
  settingsJoinpath: paths(base => `BASE_DIR.joinpath("${base}")`),
  settingsFirstItem: ofSettings(text =>
    text.replace(
      /^(DATABASES|CACHES) = \{\s*"default": (\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}),?\n?\}$/gm,
      '$1 = {}\n$1["default"] = $2',
    ),
  ),
  settingsDict: ofSettings(ofDict),
  settingsOfUnit: moduleOfUnit,
  wsgiAssigned: ofWsgi(text =>
    text.replace(/os\.environ\.setdefault\(("DJANGO_SETTINGS_MODULE"), (.*)\)$/gm, 'os.environ[$1] = $2'),
  ),
  wsgiDefault: ofWsgi(text =>
    text.replace(/os\.environ\[("DJANGO_SETTINGS_MODULE")\] = (.*)$/gm, 'os.environ.setdefault($1, $2)'),
  ),
  wsgiFromOs: ofWsgi(text =>
    /\bos\.(?!environ)|import os,/.test(text)
      ? text
      : text.replace(/^import os$/m, 'from os import environ').replaceAll('os.environ', 'environ'),
  ),
  urlPatterns: ofUrls(patternsOfPaths),
  urlsOnLines: ofUrls(text =>
    text.replace(/^urlpatterns = \[((?:re_path|path|url)\(.*\))\]$/gm, 'urlpatterns = [\n    $1,\n]'),
  ),
  urlsAdded: ofUrls(text =>
    text.replace(/^urlpatterns = \[([^\n]+)\]$/gm, 'urlpatterns = []\n\nurlpatterns += [$1]'),
  ),
}
