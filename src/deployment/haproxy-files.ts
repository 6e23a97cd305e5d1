import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { sourceAt } from '../files/file-system.ts'
import type { Deployment } from './model.ts'

/** Where the packages of the distributions have it, and its image. */
const PATHS = ['/etc/haproxy/haproxy.cfg', '/usr/local/etc/haproxy/haproxy.cfg']

/** The configurations of HAProxy of all machines and containers, and of the repository, each once. */
export const haproxyFiles = memo((deployment: Deployment): readonly Source[] => {
  const ofMachines = deployment.machines.flatMap(machine => {
    const files = machine.container?.files ?? machine.files
    return PATHS.flatMap(path => sourceAt(files, path) ?? [])
  })
  const beside = (deployment.setups() ?? []).filter(({ path }) => /\/haproxy[^/]*\.cfg$/.test(path))
  return [...new Set([...ofMachines, ...beside])].filter(({ template }) => !template)
})
