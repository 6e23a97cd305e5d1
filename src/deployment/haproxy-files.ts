import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { sourceAt } from '../files/file-system.ts'
import type { Deployment, Machine } from './model.ts'

/** The configuration of a HAProxy, and the machine or container that has it. */
export interface HaproxyFile {
  readonly source: Source
  readonly machine: Machine
}

/** Where the packages of the distributions have it, and its image. */
const PATHS = ['/etc/haproxy/haproxy.cfg', '/usr/local/etc/haproxy/haproxy.cfg']

/** The configurations of HAProxy of all machines and containers, each once. */
export const haproxyFiles = memo((deployment: Deployment): readonly HaproxyFile[] => {
  const found = new Map<Source, HaproxyFile>()
  for (const machine of deployment.machines) {
    const files = machine.container?.files ?? machine.files
    for (const path of PATHS) {
      const source = sourceAt(files, path)
      if (source !== null && !source.template && !found.has(source)) found.set(source, { source, machine })
    }
  }
  return [...found.values()]
})
