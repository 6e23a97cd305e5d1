import { toSource } from '../../../../src/files/to-source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { ApacheConfiguration } from '../../../../src/servers/apache/configuration.ts'
import { evaluateApache } from '../../../../src/servers/apache/evaluate.ts'
import { loadLines } from '../../../conformance/apache/bases.ts'

/** Where the text stands; line 1 of it includes the modules. */
export const MAIN = '/srv/root/c.conf'

/** What the recording machine had, and cases name. */
const MACHINE = {
  '/dev/null': '',
  '/dev/urandom': '.',
  '/etc/passwd': 'root',
  '/bin/ls': '.',
  '/bin/cat': '.',
  '/tmp/': '',
}

/** Evaluates a text behind a line that loads `modules` (`headers`) beside a multi-processing module. */
export function evaluateText(
  text: string,
  modules: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
  version = '2.4.71',
): ApacheConfiguration {
  const loads = loadLines(['mpm_event', 'authz_core', ...modules], [])
  const objects = Object.fromEntries(
    loads
      .split('\n')
      .filter(line => line !== '')
      .map(line => [line.split(' ')[2] ?? '', '']),
  )
  const root = memoryFileSystem({
    ...MACHINE,
    ...objects,
    ...files,
    '/srv/root/base.conf': `ServerName localhost\nErrorLog /dev/null\nListen 127.0.0.1:18080\n${loads}`,
    [MAIN]: `Include /srv/root/base.conf\n${text}`,
  })
  const main = root.read(MAIN)
  if (main.kind !== 'source') throw new Error(main.reason)
  return evaluateApache({
    files: root,
    main: main.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: version, from: 'option', at: null },
    serverRoot: '/srv/root',
  })
}

/** Evaluates texts that no main file holds together. */
export function evaluateFragments(...texts: readonly string[]): ApacheConfiguration {
  const files = Object.fromEntries(texts.map((text, index) => [`/srv/root/${index}.conf`, text]))
  const root = memoryFileSystem(files)
  return evaluateApache({
    files: root,
    main: null,
    fragments: texts.map((text, index) => toSource(`/srv/root/${index}.conf`, text)),
    environment: { variables: new Map(), complete: false, defines: new Map() },
    version: { value: '2.4.71', from: 'assumed', at: null },
  })
}
