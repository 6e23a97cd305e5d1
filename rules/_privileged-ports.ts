import type { Machine } from '../src/deployment/model.ts'

/** Where the kernel may be told that the ports of root begin lower. */
export function isOpenToAll({ files }: Machine): boolean {
  const paths = [
    '/etc/sysctl.conf',
    ...['/etc/sysctl.d', '/usr/lib/sysctl.d'].flatMap(directory =>
      (files.list(directory) ?? []).map(({ name }) => `${directory}/${name}`),
    ),
  ]
  return paths.some(path => {
    const read = files.kind(path) === 'file' ? files.read(path) : null
    return read?.kind === 'source' && read.source.code.includes('ip_unprivileged_port_start')
  })
}
