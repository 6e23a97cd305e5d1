import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'
import { known } from '../../../src/servers/fact.ts'
import { askApache, inPrivateRoot } from './real-apache.ts'

const INFO = 'LoadModule info_module /usr/lib/apache2/modules/mod_info.so'

/** What Debian's own `envvars` exports, with the directories of a private root. */
function environment(root: string): Record<string, string> {
  return {
    APACHE_RUN_USER: 'www-data',
    APACHE_RUN_GROUP: 'www-data',
    APACHE_PID_FILE: join(root, 'apache2.pid'),
    APACHE_RUN_DIR: root,
    APACHE_LOCK_DIR: root,
    APACHE_LOG_DIR: root,
    LANG: 'C',
  }
}

/** A copy of Debian's directory, so that modules may be enabled in it. */
function copyDebian(root: string): string {
  const directory = join(root, 'apache2')
  cpSync('/etc/apache2', directory, { recursive: true, verbatimSymlinks: true })
  return directory
}

function enable(directory: string, kind: 'mods' | 'conf' | 'sites', name: string): void {
  const link = join(directory, `${kind}-enabled`, name)
  if (!existsSync(link)) symlinkSync(`../${kind}-available/${name}`, link)
}

interface Pair {
  readonly expected: string
  readonly actual: string
}

function compare(
  directory: string,
  env: Record<string, string>,
  main = join(directory, 'apache2.conf'),
): Pair {
  const answer = askApache(['-d', directory, '-f', main, '-C', INFO, '-D', 'DUMP_CONFIG'], env)
  assert.ok(answer.accepts, answer.stderr)
  const files = diskFileSystem('/')
  const read = files.read(main)
  if (read.kind !== 'source') throw new Error(read.reason)
  const configuration = evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: {
      variables: new Map(Object.entries(env).map(([name, value]) => [name, known(value)])),
      complete: true,
      defines: new Map(),
    },
    version: { value: '2.4.71', from: 'option', at: null },
    serverRoot: directory,
    defines: ['DUMP_CONFIG'],
    commandLine: { before: [INFO], after: [] },
  })
  assert.equal(
    configuration.problems.filter(problem => problem.fatal).map(problem => problem.message),
    [],
  )
  return { expected: answer.stdout, actual: resolveApache(configuration) }
}

test("Debian's configuration as it is installed", () => {
  inPrivateRoot(root => {
    const directory = copyDebian(root)
    const { expected, actual } = compare(directory, environment(root))
    assert.ok(expected.includes('VirtualHost'))
    assert.is(actual, expected)
  })
})

/** A server takes one MPM. */
const LEFT_OUT = /^mpm_(?:prefork|worker)\./

test('every module and every snippet of Debian that can be loaded together', () => {
  inPrivateRoot(root => {
    const directory = copyDebian(root)
    const env = environment(root)
    for (const name of readdirSync(join(directory, 'mods-available'))) {
      if (!LEFT_OUT.test(name)) enable(directory, 'mods', name)
    }
    for (const name of readdirSync(join(directory, 'conf-available'))) enable(directory, 'conf', name)
    const { expected, actual } = compare(directory, env)
    assert.ok(expected.split('\n').length > 300, 'too little to compare')
    assert.is(actual, expected)
  })
})

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url))

/** An example in a private root, with that root's paths and with users whom this machine has. */
function copyExample(example: string, root: string): string {
  cpSync(join(EXAMPLES, example), root, { recursive: true })
  const directory = join(root, 'etc/apache2')
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const text = readFileSync(path, 'utf8')
      .replaceAll(/\/(?=(?:etc\/apache2|etc\/mime|opt|srv)\b)/g, `${root}/`)
      .replaceAll(
        /\b(user|group)=\S+/g,
        (_, kind: string) => `${kind}=${kind === 'user' ? 'nobody' : 'nogroup'}`,
      )
    writeFileSync(path, text)
  }
  return directory
}

for (const example of readdirSync(EXAMPLES)) {
  if (!existsSync(join(EXAMPLES, example, 'etc/apache2/apache2.conf'))) continue
  test(`the example ${example}`, () => {
    inPrivateRoot(root => {
      const directory = copyExample(example, root)
      const { expected, actual } = compare(directory, environment(root))
      assert.ok(expected.includes('WSGIScriptAlias'))
      assert.is(actual, expected)
    })
  })
}

test.run()
