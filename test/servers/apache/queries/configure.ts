import { textSource } from '../../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { ApacheConfiguration } from '../../../../src/servers/apache/configuration.ts'
import { EMPTY_ENVIRONMENT } from '../../../../src/servers/apache/environment.ts'
import { evaluateApache } from '../../../../src/servers/apache/evaluate.ts'

const VERSION = { value: '2.4.66', from: 'option', at: null } as const

/** An httpd whose main file is this text, with other files beside it by absolute path. */
export function configure(text: string, files: Readonly<Record<string, string>> = {}): ApacheConfiguration {
  const main = '/etc/apache2/apache2.conf'
  const all = memoryFileSystem({ ...files, [main]: text })
  const result = all.read(main)
  return evaluateApache({
    files: all,
    main: result.kind === 'source' ? result.source : textSource(main, text),
    fragments: [],
    environment: { ...EMPTY_ENVIRONMENT, complete: true },
    version: VERSION,
  })
}

/** A fragment without the main file that includes it. */
export function configureFragment(text: string): ApacheConfiguration {
  const source = textSource('/site.conf', text)
  return evaluateApache({
    files: memoryFileSystem({ [source.path]: text }),
    main: null,
    fragments: [source],
    environment: EMPTY_ENVIRONMENT,
    version: VERSION,
  })
}
