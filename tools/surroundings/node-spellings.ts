import { type Files, type Lay, ofFiles } from './files.ts'

function ofScripts(change: (text: string) => string): Lay {
  return ofFiles(path => /\.[cm]?[jt]s$/.test(path) && !/config\.[cm]?[jt]s$/.test(path), change)
}

/** A script of TypeScript, and a command that runs it as it is. */
function inTypeScript(files: Files): Files | null {
  const typed = ofScripts(text =>
    text
      .replace(/^const (app) = (express\(\))/gm, 'const $1: express.Application = $2')
      .replace(/^const (io|server|wss) = /gm, 'const $1: any = '),
  )(files)
  const paths = Object.keys(files).filter(path => path.endsWith('.js') && typed?.[path] !== files[path])
  const [path, ...others] = paths
  if (typed === null || path === undefined || others.length > 0) return null
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll('.', '\\.')
  const named = new RegExp(`(?:\\bnode( +[\\w/.-]*?))?\\b${name}\\b`, 'g')
  return Object.fromEntries(
    Object.entries(typed).map(([each, text]) =>
      each === path
        ? [each.replace(/js$/, 'ts'), text]
        : [each, text.replace(named, all => all.replace(/^node/, 'npx tsx').replace(/js$/, 'ts'))],
    ),
  )
}

function isOfModules(text: string): boolean {
  return (
    /^const (?:\w+|\{ [\w, ]+ \}) = require\('[^']+'\)$/m.test(text) &&
    !/module\.exports|(?<!= )require\(|require\('\.|__dirname/.test(text)
  )
}

function imports(text: string): string {
  return isOfModules(text)
    ? text.replace(/^const (\w+|\{ [\w, ]+ \}) = require\(('[^']+')\)$/gm, 'import $1 from $2')
    : text
}

/** The one call that listens, of an application or a server by its name. */
function listening(
  write: (port: string, host: string) => readonly [string, string],
): (text: string) => string {
  return text =>
    text.replace(/^((?:app|server)\.listen\()([^,()\n]+)((?:, '[^']*')?)\)$/m, (_, call, port, host) => {
      const [before, given] = write(port, host)
      return `${before}${before && '\n'}${call}${given})`
    })
}

function isNumber(port: string, written: readonly [string, string]): readonly [string, string] {
  return /^\d+$/.test(port) ? written : ['', port]
}

/** Other words for what a script of Node.js says, which it takes for the same. */
export const nodeSpellings: Readonly<Record<string, Lay>> = {
  nodeImports: ofScripts(imports),
  nodeNamespaces: ofScripts(text =>
    isOfModules(text)
      ? imports(text).replace(
          /^import (\w+) from '(express-session|cors|helmet|compression|http)'/gm,
          "import * as $1 from '$2'",
        )
      : text,
  ),
  nodeDoubleQuotes: ofScripts(text =>
    /["`]/.test(text) ? text : text.replaceAll("'", '"').replace(/(?<=[\w)'"])$/gm, ';'),
  ),
  nodeTemplates: ofScripts(text =>
    text.replace(/(?<=listen\(\w+, )'([^']*)'/g, '`$1`').replace(/(?<=origin: )'([^']*)'/g, '`$1`'),
  ),
  nodeVar: ofScripts(text => text.replace(/^const (?!\{)/gm, 'var ')),
  nodeTyped: inTypeScript,
  nodeCommonNames: ofScripts(text => text.replace(/\bexpress\b(?!['"-])/g, 'Express')),
  nodePortConstant: ofScripts(listening((port, host) => [`const PORT = ${port}`, `PORT${host}`])),
  nodePortDefault: ofScripts(
    listening((port, host) =>
      isNumber(port, [`const port = process.env.OUR_PORT || ${port}`, `port${host}`]),
    ),
  ),
  nodePortNullish: ofScripts(
    listening((port, host) =>
      isNumber(port, [`const port = Number(process.env.OUR_PORT ?? ${port})`, `port${host}`]),
    ),
  ),
  nodePortParsed: ofScripts(
    listening((port, host) =>
      isNumber(port, [`const port = parseInt(process.env.OUR_PORT || '${port}', 10)`, `port${host}`]),
    ),
  ),
  nodePortNumber: ofScripts(
    listening((port, host) =>
      isNumber(port, [`const port = +(process.env.OUR_PORT || ${port})`, `port${host}`]),
    ),
  ),
  nodePortDestructured: ofScripts(
    listening((port, host) =>
      isNumber(port, [`const { OUR_PORT = ${port} } = process.env`, `OUR_PORT${host}`]),
    ),
  ),
  nodePortChosen: ofScripts(
    listening((port, host) =>
      isNumber(port, [
        `const port = process.env.OUR_PORT ? Number(process.env.OUR_PORT) : ${port}`,
        `port${host}`,
      ]),
    ),
  ),
  nodePortOfObject: ofScripts(
    listening((port, host) => [`const config = { port: ${port}, name: 'shop' }`, `config.port${host}`]),
  ),
  nodeCallback: ofScripts(listening((port, host) => ['', `${port}${host}, () => console.log('it listens')`])),
  nodeFunction: ofScripts(
    listening((port, host) => ['', `${port}${host}, function () { console.log('it listens') }`]),
  ),
  nodeListenObject: ofScripts(text =>
    /\bhttp|server\.listen/.test(text)
      ? text.replace(/server\.listen\(([^,()]+), ('[^']*')\)/, 'server.listen({ port: $1, host: $2 })')
      : text,
  ),
  nodeHttpServer: ofScripts(text =>
    /http|^import /m.test(text)
      ? text
      : text.replace(
          /^app\.listen\((.*)\)$/m,
          "const http = require('http')\nhttp.createServer(app).listen($1)",
        ),
  ),
  nodeHttpConstant: ofScripts(text =>
    /http|^import /m.test(text)
      ? text
      : text.replace(
          /^app\.listen\((.*)\)$/m,
          "const { createServer } = require('node:http')\nconst server = createServer(app)\nserver.listen($1)",
        ),
  ),
  nodeStarted: ofScripts(text =>
    text.replace(/^((?:app|server)\.listen\(.*\))$/m, 'const start = async () => {\n  $1\n}\n\nstart()'),
  ),
  nodeOptions: ofScripts(text =>
    text.replace(
      /^app\.use\((session|cors|rateLimit|helmet)\((\{(?:[^{}]|\{[^{}]*\})*\})\)\)$/gm,
      'const $1Options = $2\napp.use($1($1Options))',
    ),
  ),
  nodeMade: ofScripts(text =>
    text.replace(
      /^app\.use\((session|cors|rateLimit|helmet|compression)\((.*)\)\)$/gm,
      'const $1Middleware = $1($2)\napp.use($1Middleware)',
    ),
  ),
  nodeEnabled: ofScripts(text => text.replace(/app\.set\('trust proxy', 1\)/g, "app.enable('trust proxy')")),
}
