import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const SCRIPT = conf`
  #!/bin/sh
  printf 'Content-Type: text/plain\r\n\r\nhello'
`

const tree = (script: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      ScriptAlias /cgi-bin/ /srv/cgi-bin/
      <Directory /srv/cgi-bin>
          Require all granted
      </Directory>
    `,
    ['alias', 'cgi'],
  ),
  'srv/cgi-bin/hello.cgi': script,
})

export default defineRule({
  summary: 'The first line of a CGI script names no interpreter that can be started',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'httpd starts a CGI script as a program, and the system reads of its first two bytes, `#!`, what to start it with. Without that line it is an `Exec format error`. With the line ends of Windows the carriage return is a part of the name, and there is `No such file or directory`. The client gets 500: `End of script output before headers`.',
  remedy: 'Begin the file with `#!` and the path of the interpreter, and save it with the line ends of Unix',
  references: ['https://httpd.apache.org/docs/2.4/howto/cgi.html#troubleshoot'],
  bad: [
    {
      title: 'the line ends of Windows',
      files: tree(SCRIPT.replace('#!/bin/sh', '«#!/bin/sh\r»')),
      modes: { 'srv/cgi-bin/hello.cgi': 0o755 },
    },
    {
      title: 'no interpreter',
      files: tree(SCRIPT.replace('#!/bin/sh\n', '').replace(/^.*/, '«$&»')),
      modes: { 'srv/cgi-bin/hello.cgi': 0o755 },
    },
  ],
  good: [{ title: 'an interpreter', files: tree(SCRIPT), modes: { 'srv/cgi-bin/hello.cgi': 0o755 } }],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      if (!NAMES.some(name => occurrences.has(name))) continue
      const files = filesOf(configuration)
      for (const { directory, at, endings } of scriptDirectories(configuration, files))
        for (const { name, kind } of (files.list(directory) ?? []).slice(0, MOST_FILES)) {
          if (kind !== 'file' || (endings !== null && !endings.has(posix.extname(name).toLowerCase())))
            continue
          const fault = faultOf(files, posix.join(directory, name))
          if (fault !== null)
            yield { ...fault, related: [{ at, message: 'Apache starts what is there as a program' }] }
        }
    }
  },
})

const NAMES = ['scriptalias', 'addhandler']
/** More files of one directory are data. */
const MOST_FILES = 200

interface ScriptDirectory {
  readonly directory: string
  readonly at: Place
  /** The endings of scripts, with their dots; null where every file is one. */
  readonly endings: ReadonlySet<string> | null
}

/** The directories of `ScriptAlias`, and those in a `<Directory>` of which some endings are scripts. */
function* scriptDirectories(
  configuration: ApacheConfiguration,
  files: FileSystem,
): Iterable<ScriptDirectory> {
  for (const line of configuration.occurrences.get('scriptalias') ?? []) {
    const directory = (line.args[1]?.value ?? '').replace(/(?<=.)\/+$/, '')
    if (isSettled(directory) && files.kind(directory) === 'directory')
      yield { directory, at: argumentPlace(line, 1), endings: null }
  }
  for (const line of everywhere(configuration, files, 'addhandler')) {
    if (line.args[0]?.value.toLowerCase() !== 'cgi-script') continue
    const section = line.parent
    const directory =
      section === null
        ? posix.dirname(line.source.path)
        : section.name === 'Directory'
          ? section.args[0]?.value
          : null
    if (section === null && posix.basename(line.source.path) !== '.htaccess') continue
    if (directory == null || !isSettled(directory) || files.kind(directory) !== 'directory') continue
    const endings = new Set(
      line.args.slice(1).map(({ value }) => `.${value.replace(/^\./, '').toLowerCase()}`),
    )
    yield { directory: directory.replace(/(?<=.)\/+$/, ''), at: namePlace(line), endings }
  }
}

function faultOf(files: FileSystem, path: string): { readonly at: Place; readonly message: string } | null {
  const read = files.read(path)
  if (read.kind !== 'source') return null
  const { source } = read
  const end = source.text.indexOf('\n')
  const line = end === -1 ? source.text : source.text.slice(0, end)
  const at = { source, start: 0, end: line.length }
  if (/^#!\s*\/\S+(?:\/env\s+\S+)?\r$/.test(line) || /^#!\s*\/\S+\r$/.test(line))
    return {
      at,
      message:
        'the name of the interpreter ends in a carriage return, and there is no such program: Apache answers 500',
    }
  // A library of others is no script, whatever its ending.
  if (path.endsWith('.cgi') && line !== '' && !line.startsWith('#!') && /^[\x20-\x7e\t\r]+$/.test(line))
    return {
      at,
      message: 'no `#!` says what to start this script with (`Exec format error`): Apache answers 500',
    }
  return null
}
