import { entriesOf, type Files, type Lay, ofFiles } from './files.ts'

function ofWordPress(change: (text: string) => string): Lay {
  return ofFiles(path => path.endsWith('wp-config.php'), change)
}
function ofPhp(change: (text: string) => string): Lay {
  return ofFiles(
    path => /(?:config|settings|app|LocalSettings)\w*\.php$|\/config\/\w+\.php$/.test(path),
    change,
  )
}
function ofRuby(change: (text: string) => string): Lay {
  return ofFiles(
    (path, text) =>
      !/^\s*#/m.test(text) && /config\/(?:environments\/\w+|application)\.rb$|gitlab\.rb$/.test(path),
    change,
  )
}
function ofFlask(change: (text: string) => string): Lay {
  return ofFiles((path, text) => path.endsWith('.py') && /(?:Flask|FastAPI|Starlette)\(/.test(text), change)
}
function ofDotenv(change: (name: string, value: string) => string): Lay {
  return ofFiles(
    path => /(?:^|\/)\.env(?:\.(?:prod|production|local))?$/.test(path),
    text => text.replace(/^([A-Z]\w*)=([^\s"'].*)$/gm, (_, name, value) => change(name, value)),
  )
}

/** Docker reads a file of variables in its own way. */
function isComposed(files: Files): boolean {
  return Object.keys(files).some(path => /compose|Dockerfile|\.service$/.test(path))
}

/** A constant of one line at the left margin. */
const DEFINE = /^define\( ?'(\w+)', ?(true|false|'[^'$]*') ?\);$/gm

/** What a site asks for a header of the proxy, before it says that it is spoken to over TLS. */
function guarded(condition: string, set?: string): (text: string) => string {
  return text => {
    const changed = text.replace(/^if ?\(.*HTTP_X_FORWARDED_PROTO.*\) \{$/m, `if (${condition}) {`)
    return set === undefined || changed === text ? changed : changed.replace("$_SERVER['HTTPS'] = 'on';", set)
  }
}

function arrays(text: string): string {
  let before = ''
  let now = text
  while (before !== now) {
    before = now
    now = now.replace(/\barray ?\(([^()]*)\)/g, '[$1]')
  }
  return now
}

function isSpring(path: string): boolean {
  return /application[\w-]*\.(?:properties|ya?ml)$/.test(path)
}

function moved(
  files: Files,
  from: string,
  to: string,
  change: (text: string) => string | null,
): Files | null {
  // Another file that names it would have to be changed with it.
  if (Object.values(files).some(text => text.includes(`application.${from}`))) return null
  let isChanged = false
  const laid = entriesOf(files).map(([path, text]): readonly [string, string] => {
    const changed = isSpring(path) && path.endsWith(from) ? change(text) : null
    if (changed === null) return [path, text]
    isChanged = true
    return [`${path.slice(0, -from.length)}${to}`, changed]
  })
  return isChanged ? Object.fromEntries(laid) : null
}

function renamed(files: Files, from: RegExp, to: string): Files | null {
  const laid = Object.fromEntries(entriesOf(files).map(([path, text]) => [path.replace(from, to), text]))
  return Object.keys(laid).every(path => path in files) ? null : laid
}

function yamlOfProperties(files: Files): Files | null {
  return moved(files, 'properties', 'yml', text => {
    const root: Tree = new Map()
    for (const line of text.split('\n').filter(each => each !== '')) {
      const [, name = '', value = ''] = /^([\w.-]+)=(.*)$/.exec(line) ?? []
      const keys = name.split('.')
      const last = keys.pop()
      let tree = root
      for (const key of keys) {
        const inner = tree.get(key) ?? new Map()
        if (!(inner instanceof Map)) return null
        tree.set(key, inner)
        tree = inner
      }
      if (last === undefined || last === '') return null
      tree.set(last, value)
    }
    return written(root, '')
  })
}

type Tree = Map<string, Tree | string>

function written(tree: Tree, indent: string): string {
  return [...tree]
    .map(([key, value]) =>
      typeof value === 'string'
        ? `${indent}${key}: ${value}\n`
        : `${indent}${key}:\n${written(value, `${indent}  `)}`,
    )
    .join('')
}

function propertiesOfYaml(files: Files): Files | null {
  return moved(files, 'yml', 'properties', text => {
    const keys: string[] = []
    const lines: string[] = []
    for (const line of text.split('\n').filter(each => each.trim() !== '')) {
      const [, indent, key, value] = /^( *)([\w.-]+):(?: (.*))?$/.exec(line) ?? []
      if (indent === undefined || key === undefined) return null
      keys.length = indent.length / 2
      keys.push(key)
      if (value !== undefined) lines.push(`${keys.join('.')}=${value}`)
    }
    return `${lines.join('\n')}\n`
  })
}

/** Other words for what applications of PHP, Flask, Rails and Spring say, which these take for the same. */
export const applicationSpellings: Readonly<Record<string, Lay>> = {
  wpSpaced: ofWordPress(text => text.replace(DEFINE, (_, name, value) => `define( '${name}', ${value} );`)),
  wpTight: ofWordPress(text => text.replace(DEFINE, (_, name, value) => `define('${name}',${value});`)),
  wpDoubleQuotes: ofWordPress(text =>
    text.replace(DEFINE, (_, name, value) => `define("${name}", ${value.replace(/^'(.*)'$/, '"$1"')});`),
  ),
  wpUpperCase: ofWordPress(text =>
    text.replace(
      DEFINE,
      (_, name, value) =>
        `define('${name}', ${/^(?:true|false)$/.test(value) ? value.toUpperCase() : value});`,
    ),
  ),
  wpUnlessDefined: ofWordPress(text =>
    text.replace(DEFINE, (all, name) =>
      name === 'ABSPATH' ? all : `if ( ! defined( '${name}' ) ) {\n\t${all}\n}`,
    ),
  ),
  wpOrDefined: ofWordPress(text =>
    text.replace(DEFINE, (all, name) => (name === 'ABSPATH' ? all : `defined('${name}') || ${all}`)),
  ),
  wpConst: ofWordPress(text =>
    text.replace(/^define\( ?'(\w+)', (true|false|'[^'$]*') ?\);$/gm, 'const $1 = $2;'),
  ),
  wpGuardIsset: ofWordPress(
    guarded("isset($_SERVER['HTTP_X_FORWARDED_PROTO']) && $_SERVER['HTTP_X_FORWARDED_PROTO'] === 'https'"),
  ),
  wpGuardStrpos: ofWordPress(guarded("strpos($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '', 'https') !== false")),
  wpGuardDouble: ofWordPress(
    guarded(
      'isset($_SERVER["HTTP_X_FORWARDED_PROTO"]) && "https" == $_SERVER["HTTP_X_FORWARDED_PROTO"]',
      '$_SERVER["HTTPS"] = "on";',
    ),
  ),
  wpGuardNumber: ofWordPress(
    guarded(
      "!empty($_SERVER['HTTP_X_FORWARDED_PROTO']) && $_SERVER['HTTP_X_FORWARDED_PROTO'] == 'https'",
      "$_SERVER['HTTPS'] = '1';",
    ),
  ),
  phpShortArrays: ofPhp(text => arrays(text)),
  phpLongArrays: ofPhp(text =>
    text.includes('#[')
      ? text
      : text.replace(/(?<==> |return |= |\(|, )\[(?=[\s'])((?:[^[\]]|\[[^[\]]*\])*)\]/g, 'array($1)'),
  ),
  phpDoubleQuotes: ofPhp(text =>
    /["$\\]/.test(text.replace(/\$(?:CONFIG|config|settings|app|middleware)\b/g, ''))
      ? text
      : text.replaceAll("'", '"'),
  ),
  dotenvDoubleQuotes: ofDotenv((name, value) =>
    /[$"\\#]/.test(value) ? `${name}=${value}` : `${name}="${value}"`,
  ),
  dotenvSingleQuotes: ofDotenv((name, value) =>
    /[$'\\#]/.test(value) ? `${name}=${value}` : `${name}='${value}'`,
  ),
  dotenvExported: ofDotenv((name, value) => `export ${name}=${value}`),
  dotenvSpaced: files => (isComposed(files) ? null : ofDotenv((name, value) => `${name} = ${value}`)(files)),
  flaskModule: ofFlask(text =>
    /^from flask import Flask$/m.test(text)
      ? text
          .replace(/^from flask import Flask$/m, 'import flask')
          .replace(/(?<![.\w])Flask\(/g, 'flask.Flask(')
      : text,
  ),
  flaskAnnotated: ofFlask(text => text.replace(/^app = (Flask|FastAPI|Starlette)\(/gm, 'app: $1 = $1(')),
  flaskTwoNames: ofFlask(text =>
    text.replace(/^app = (Flask|FastAPI|Starlette)\(/gm, 'app = application = $1('),
  ),
  flaskUpdated: ofFlask(text =>
    text.replace(/^(\s*app)\.config\["(\w+)"\] = (.*)$/gm, '$1.config.update($2=$3)'),
  ),
  flaskMapped: ofFlask(text =>
    text.replace(/^(\s*app)\.config\["(\w+)"\] = (.*)$/gm, '$1.config.from_mapping($2=$3)'),
  ),
  flaskDict: ofFlask(text =>
    text.replace(/^(\s*app)\.config\["(\w+)"\] = (.*)$/gm, '$1.config.update({"$2": $3})'),
  ),
  flaskSingleQuotes: ofFlask(text => (/'/.test(text) ? text : text.replaceAll('"', "'"))),
  flaskRouteMethods: ofFlask(text =>
    text.includes('import FastAPI')
      ? text
      : text.replace(
          /^@app\.(get|post|put)\("([^"]*)"\)$/gm,
          (_, method, path) => `@app.route("${path}", methods=["${method.toUpperCase()}"])`,
        ),
  ),
  flaskBlueprint: ofFlask(text =>
    /import Flask/.test(text) &&
    /^app = Flask\(__name__\)$/m.test(text) &&
    text.includes('@app.') &&
    !/if __name__|app\.run/.test(text)
      ? `${text.replace(/^app = Flask\(__name__\)$/m, 'from flask import Blueprint\n\nsite = Blueprint("site", __name__)\napp = Flask(__name__)').replace(/^@app\.(?=route|get|post)/gm, '@site.')}\napp.register_blueprint(site)\n`
      : text,
  ),
  fastapiRouter: ofFlask(text =>
    /^app = FastAPI\(\)$/m.test(text) &&
    text.includes('@app.') &&
    !/@app\.(?:on_event|middleware)|app\.mount/.test(text)
      ? `${text.replace(/^app = FastAPI\(\)$/m, 'from fastapi import APIRouter\n\nrouter = APIRouter()\napp = FastAPI()').replace(/^@app\.(?=get|post|put|delete|websocket)/gm, '@router.')}\napp.include_router(router)\n`
      : text,
  ),
  fastapiTitled: ofFlask(text =>
    text.replace(/^app = FastAPI\(\)$/m, 'app = FastAPI(\n    title="Shop",\n    version="1.0",\n)'),
  ),
  railsDoubleQuotes: ofRuby(text => text.replace(/'([^'"#]*)'/g, '"$1"')),
  railsSingleQuotes: ofRuby(text => text.replace(/"([^'"#\\]*)"/g, "'$1'")),
  railsTight: ofRuby(text => text.replace(/^(\s*config\.[\w.]+)\s*=\s*/gm, '$1=')),
  railsCommented: ofRuby(text => text.replace(/^(\s*config\.[\w.]+ = .*)$/gm, '$1 # as it is behind nginx')),
  railsWords: ofRuby(text =>
    text.replace(
      /(?<= )\["([^",\s]*)"(?:, "([^",\s]*)")?\]/g,
      (_, first, second) => `%w[${first}${second === undefined ? '' : ` ${second}`}]`,
    ),
  ),
  railsPushed: ofRuby(text => text.replace(/config\.hosts << (.*)$/gm, 'config.hosts += [$1]')),
  springYaml: yamlOfProperties,
  springFlatYaml: files =>
    moved(files, 'properties', 'yml', text => text.replace(/^([\w.-]+)=(.*)$/gm, '$1: $2')),
  springProperties: propertiesOfYaml,
  springCamelCase: ofFiles(isSpring, text =>
    text.replace(
      /^(\s*)([\w.-]+)(?=[=:])/gm,
      (_, space, name) =>
        space + name.replace(/-(\w)/g, (__: string, letter: string) => letter.toUpperCase()),
    ),
  ),
  springSpaced: ofFiles(
    path => /application[\w-]*\.properties$/.test(path),
    text => text.replace(/^([\w.-]+)=/gm, '$1 = '),
  ),
  springColon: ofFiles(
    path => /application[\w-]*\.properties$/.test(path),
    text => text.replace(/^([\w.-]+)=/gm, '$1: '),
  ),
  springLongName: files => renamed(files, /application\.yml$/, 'application.yaml'),
  springConfigDirectory: files =>
    renamed(files, /(?<=src\/main\/resources\/)(?=application\.(?:yml|properties)$)/, 'config/'),
  springDefaults: ofFiles(
    path => /application[\w-]*\.properties$/.test(path),
    text =>
      text.replace(
        /^([\w.-]+)=(\w+)$/gm,
        (_, name, value) => `${name}=\${OUR_${name.replace(/\W/g, '_').toUpperCase()}:${value}}`,
      ),
  ),
}
