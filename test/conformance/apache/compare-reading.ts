import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { positionAt } from '../../../parsers/text/source.ts'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'
import { type GeneratedConfiguration, generateReading } from './generate-reading.ts'
import { askApache, inPrivateRoot } from './real-apache.ts'

const BASE = `ServerName localhost
PidFile $ROOT/p
DefaultRuntimeDir $ROOT
ErrorLog /dev/null
Mutex default:$ROOT
Listen 127.0.0.1:18080
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule macro_module /usr/lib/apache2/modules/mod_macro.so
LoadModule info_module /usr/lib/apache2/modules/mod_info.so
`

/** What the server and the audit say differently; null where they agree. */
export function compareReading(seed: number): string | null {
  const generated = generateReading(seed)
  return inPrivateRoot(root => compareIn(root, seed, generated))
}

function compareIn(root: string, seed: number, { main, files }: GeneratedConfiguration): string | null {
  const write = (name: string, text: string) => {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll('$ROOT', root))
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  write('main.conf', BASE + main)
  const path = join(root, 'main.conf')
  const answer = askApache(['-d', root, '-f', path, '-D', 'DUMP_CONFIG'])
  const disk = diskFileSystem('/')
  const read = disk.read(path)
  if (read.kind !== 'source') throw new Error(read.reason)
  const configuration = evaluateApache({
    files: disk,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
    serverRoot: root,
    defines: ['DUMP_CONFIG'],
  })
  const fatal = configuration.problems.find(problem => problem.fatal)
  const shown = (difference: string) => `seed ${seed}: ${difference}\n${main}`
  if (answer.accepts !== (fatal === undefined)) {
    return shown(answer.accepts ? `refused: ${fatal?.message}` : `accepted: ${answer.stderr}`)
  }
  if (fatal === undefined) {
    const actual = resolveApache(configuration)
    return actual === answer.stdout ? null : shown(`trees differ:\n${answer.stdout}\n${actual}`)
  }
  const blamed = [...answer.stderr.matchAll(/yntax error on line (\d+) of (\/[^\s:]+):/g)].at(-1)
  // A macro's line is counted in its body, and httpd cuts the chain of a recursion when it gets long.
  if (blamed === undefined || answer.stderr.includes(' of macro ')) return null
  if (fatal.code === 'include-too-deep' && !answer.stderr.includes('maximum include depth')) return null
  const line = positionAt(fatal.at.source, fatal.at.start).line
  if (fatal.at.source.path === blamed[2] && line === Number(blamed[1])) return null
  return shown(`blamed ${fatal.at.source.path}:${line} (${fatal.message}): ${answer.stderr}`)
}

/** `node --import tsx test/conformance/apache/compare-reading.ts [--count N] [--seed S]` */
function main(): void {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '3000' }, seed: { type: 'string', default: '1' } },
  })
  const count = Number(values.count)
  const first = Number(values.seed)
  let disagreements = 0
  for (let seed = first; seed < first + count; seed++) {
    const difference = compareReading(seed)
    if (difference === null) continue
    disagreements++
    console.log(difference)
  }
  console.log(`${count - disagreements} of ${count} agree`)
  process.exitCode = disagreements === 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
