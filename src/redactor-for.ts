import { type Source, textSource } from '../parsers/text/source.ts'
import type { Machine } from './files/machine.ts'
import { type Redactor, redactor } from './secrets/redactor.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'

/** Directives of Apache that may hold a secret, in lower case. */
const HOLDERS = [
  'setenv',
  'setenvif',
  'setenvifnocase',
  'requestheader',
  'header',
  'rewritecond',
  'rewriterule',
  'proxypass',
  'authbasicfake',
  'authldapbindpassword',
  'wsgidaemonprocess',
  'dbdparams',
  'sessioncryptopassphrase',
]

/** Every file that was read on some machines: what the secrets of an audit are collected from. */
function* sourcesOf(machines: readonly Machine[]): Generator<Source> {
  for (const { files, fileName, skipped } of machines) {
    // What only looked like a server's file says nothing: a program's own words are nobody's secrets.
    const left = new Set(skipped().map(({ path }) => path))
    for (const source of files.sources())
      if (left.size === 0 || !left.has(fileName(source.path))) yield source
  }
}

/** The lines that macros and definitions made: only there a secret may stand beside its name. */
function* madeSources(configurations: Iterable<ApacheConfiguration>): Generator<Source> {
  for (const { occurrences } of configurations) {
    const lines = HOLDERS.flatMap(name => occurrences.get(name) ?? [])
      .filter(({ source, nameEnd, end, text }) => !source.text.startsWith(text, nameEnd + 1) || end < nameEnd)
      .map(({ name, text }) => `${name} ${text}\n`)
    if (lines.length > 0) yield textSource('', lines.join(''))
  }
}

/** A redactor that knows the secrets of all that was read. */
export function redactorFor(machines: readonly Machine[], apache: readonly ApacheConfiguration[]): Redactor {
  return redactor(function* () {
    yield* sourcesOf(machines)
    yield* madeSources(apache)
  })
}
