import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../src/files/disk-file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { EMPTY_ENVIRONMENT } from '../../src/servers/apache/environment.ts'
import { evaluateApache } from '../../src/servers/apache/evaluate.ts'

/** The model of a configuration that lies on the disk, as the httpd beside it is started. */
export function understandApache({
  main,
  root,
}: {
  readonly main: string
  readonly root: string
}): ApacheConfiguration {
  const files = diskFileSystem('/')
  const result = files.read(main)
  assert.ok(result.kind === 'source')
  return evaluateApache({
    files,
    main: result.source,
    fragments: [],
    environment: { ...EMPTY_ENVIRONMENT, complete: true },
    version: { value: '2.4.66', from: 'option', at: null },
    serverRoot: root,
  })
}
