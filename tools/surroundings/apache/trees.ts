import { type Files, type Lay, OPTIONS } from '../files.ts'

/** A line of Apache's files with all its physical lines, or a section with its body. */
export interface Entry {
  /** The line as it is written, its line feed included. */
  readonly text: string
  readonly indent: string
  /** `ProxyPass`, `<VirtualHost`; empty for comments and empty lines. */
  readonly name: string
  /** What stands behind the name, without the `>` of a section. */
  readonly rest: string
  /** Null for anything but a section. */
  readonly body: readonly Entry[] | null
  readonly close: string
}

export type Forest = readonly Entry[]

const NAME =
  /^[ \t]*(?:<(?:VirtualHost|Directory|Location|Files|IfModule|Proxy|Macro)|(?:LoadModule|ServerRoot|ServerName|Listen|RewriteEngine|RewriteRule|ProxyPass|DocumentRoot|Alias|WSGI\w+|AuthType|Header|Redirect|Options|AddHandler|ErrorDocument|DirectoryIndex|SetEnv|SetHandler)\b)/m
/** nginx's files, and templates, whose lines are other words once they are filled in. */
const OF_OTHERS = /^\s*(?:server|http|location|upstream|events)\b[^#\n]*\{|\{\{|\{%|<%/m
const PLACE = /(?:^|\/)(?:apache2?|httpd)(?:\/|\.conf)|\.conf(?:\.\w+)?$|sites-(?:available|enabled)\//

/** True for a file that Apache reads, by its name and lines. */
export function isOfApache(path: string, text: string): boolean {
  if (isHtaccess(path)) return !OF_OTHERS.test(text)
  return path !== OPTIONS && PLACE.test(path) && NAME.test(text) && !OF_OTHERS.test(text)
}

export function isHtaccess(path: string): boolean {
  return /(?:^|\/)\.htaccess$/.test(path)
}

/** The lines of a file; null where its sections are not closed as they are opened. */
export function forestOf(text: string): Forest | null {
  const lines = text.match(/(?:[^\n]*\\\n)*[^\n]*(?:\n|$)/g)?.filter(line => line !== '') ?? []
  let next = 0
  const read = (opened: string | null): Entry[] | null => {
    const entries: Entry[] = []
    for (;;) {
      const line = lines[next]
      if (line === undefined) return opened === null ? entries : null
      const close = /^[ \t]*<\/(\w+)/.exec(line)
      if (close !== null) return close[1]?.toLowerCase() === opened ? entries : null
      next++
      const entry = entryOf(line)
      if (!entry.name.startsWith('<')) {
        entries.push(entry)
        continue
      }
      const body = read(entry.name.slice(1).toLowerCase())
      if (body === null) return null
      entries.push({ ...entry, body, close: lines[next++] ?? '' })
    }
  }
  return read(null)
}

function entryOf(text: string): Entry {
  const [, indent = '', name = '', rest = ''] = /^([ \t]*)(<?[A-Za-z]\w*)(.*)$/s.exec(text.trimEnd()) ?? []
  const argument = name.startsWith('<') ? rest.replace(/>\s*$/, '') : rest
  return { text, indent, name, rest: argument.trim(), body: null, close: '' }
}

export function textOf(forest: Forest): string {
  return forest.map(({ text, body, close }) => `${text}${body === null ? '' : textOf(body)}${close}`).join('')
}

/** A directive, at the indentation of another. */
export function line(indent: string, name: string, rest: string): Entry {
  return { text: `${indent}${name} ${rest}\n`, indent, name, rest, body: null, close: '' }
}

/** A section, its body two columns deeper than it was. */
export function section(indent: string, name: string, rest: string, body: Forest): Entry {
  const open = rest === '' ? `<${name}>` : `<${name} ${rest}>`
  return {
    text: `${indent}${open}\n`,
    indent,
    name: `<${name}`,
    rest,
    body,
    close: `${indent}</${name}>\n`,
  }
}

export function is(entry: Entry, ...names: readonly string[]): boolean {
  return names.includes(entry.name)
}

/** Every entry, those in sections too. */
export function everyEntry(forest: Forest): Forest {
  return forest.flatMap(entry => [entry, ...everyEntry(entry.body ?? [])])
}

/** The words of a line, quotes kept. */
export function words(rest: string): readonly string[] {
  return rest.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
}

export function bare(word: string): string {
  return word.replace(/^"(.*)"$/s, '$1')
}

export interface Surrounding {
  readonly path: string
  readonly files: Files
  /** True where this module is seen to be loaded, or where the files do not say what is loaded. */
  readonly mayLoad: (module: string) => boolean
}

/** Files whose every list of lines, from the outermost, is written anew; null where none has anything of the kind. */
export function ofBodies(change: (body: Forest, around: readonly Entry[], of: Surrounding) => Forest): Lay {
  return ofForests((forest, of) => {
    const within = (body: Forest, around: readonly Entry[]): Forest =>
      change(
        body.map(entry =>
          entry.body === null ? entry : { ...entry, body: within(entry.body, [...around, entry]) },
        ),
        around,
        of,
      )
    return within(forest, [])
  })
}

/** Files whose every directive and section is written anew. */
export function ofEntries(change: (entry: Entry, around: readonly Entry[], of: Surrounding) => Forest): Lay {
  return ofBodies((body, around, of) => body.flatMap(entry => change(entry, around, of)))
}

/** Files whose lines are written anew. */
export function ofForests(change: (forest: Forest, of: Surrounding) => Forest): Lay {
  return files => {
    const mayLoad = modulesOf(files)
    const laid = Object.entries(files).map(([path, text]): readonly [string, string] => {
      const forest = isOfApache(path, text) ? forestOf(text) : null
      return [path, forest === null ? text : textOf(change(forest, { path, files, mayLoad }))]
    })
    return changed(files, Object.fromEntries(laid))
  }
}

export function changed(files: Files, laid: Files): Files | null {
  const paths = new Set([...Object.keys(files), ...Object.keys(laid)])
  return [...paths].some(path => files[path] !== laid[path]) ? laid : null
}

function modulesOf(files: Files): (module: string) => boolean {
  const loaded = Object.entries(files).flatMap(([path, text]) =>
    isOfApache(path, text) ? [...text.matchAll(/^\s*LoadModule\s+(\w+)_module\b/gm)].map(([, id]) => id) : [],
  )
  return module => loaded.length === 0 || loaded.includes(module)
}

/** More modules in the file that loads some; unchanged where no file does. */
export function withModules(files: Files, modules: readonly string[]): Files {
  const [path] = Object.entries(files).find(([, text]) => /^LoadModule\s/m.test(text)) ?? []
  if (path === undefined) return files
  const text = files[path] ?? ''
  const lines = modules
    .filter(module => !new RegExp(`^LoadModule\\s+${module}_module\\b`, 'm').test(text))
    .map(module => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so\n`)
  // Behind the others: some need another before them.
  return { ...files, [path]: text.replace(/(?:^LoadModule\s.*\n)+/m, loaded => loaded + lines.join('')) }
}
