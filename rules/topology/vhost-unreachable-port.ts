import { knowsEveryListen, listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { covers, formatEndpoint } from '../../src/servers/address.ts'
import type { HostAddress, Listener } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (address: string): string => conf`
  <VirtualHost ${address}>
      ServerName example.org
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'A virtual host stands on a port that Apache does not open',
  severity: 'error',
  otherSeverities: { warning: 'where the main file of the configuration is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A `<VirtualHost>` opens nothing: without a `Listen` for its port no request ever reaches it, its daemon processes idle, and what was meant for it is answered by another site or by nobody. `configtest` says “Syntax OK”.',
  remedy: 'Give the virtual host the port of a `Listen`, or add the `Listen`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/details.html'],
  bad: [
    {
      title: 'two ports',
      files: { 'ports.conf': conf`Listen 127.0.0.1:9000`, 'site.conf': host('«*:9001»') },
    },
    {
      title: 'an address that no Listen takes',
      files: { 'ports.conf': conf`Listen 127.0.0.1:9000`, 'site.conf': host('«192.0.2.10:9000»') },
    },
  ],
  good: [
    {
      title: 'the same port',
      files: { 'ports.conf': conf`Listen 127.0.0.1:9000`, 'site.conf': host('*:9000') },
    },
    {
      title: 'a bare Listen takes every address',
      files: { 'ports.conf': conf`Listen 9000`, 'site.conf': host('192.0.2.10:9000') },
    },
    { title: 'every port', files: { 'ports.conf': conf`Listen 9000`, 'site.conf': host('*') } },
    { title: 'no Listen in sight', files: { 'site.conf': host('*:9001') } },
    {
      title: 'a name that only a resolver knows',
      files: { 'ports.conf': conf`Listen 192.0.2.10:9000`, 'site.conf': host('web1.example.org:9000') },
    },
  ],
  *check(deployment) {
    const { virtualHosts, apache } = deployment
    if (!knowsEveryListen(deployment)) return
    const listeners = listenersOfKind(deployment, 'apache')
    for (const configuration of apache) {
      const byPort = new Map<number, Listener[]>()
      for (const listener of listeners) {
        if (listener.program.configuration !== configuration || listener.port === null) continue
        const known = byPort.get(listener.port)
        if (known === undefined) byPort.set(listener.port, [listener])
        else known.push(listener)
      }
      // Without any Listen httpd does not start, which is another fault.
      if (byPort.size === 0) continue
      const opened = [...byPort.values()].flat()
      const isWhole = configuration.main !== null
      for (const host of virtualHosts) {
        if (host.configuration !== configuration) continue
        for (const address of host.addresses) {
          if (!address.known || address.port === null) continue
          const onPort = byPort.get(address.port) ?? []
          if (onPort.some(listener => reaches(listener, address))) continue
          yield {
            at: address.at,
            severity: isWhole ? 'error' : 'warning',
            confidence: isWhole ? 'high' : 'medium',
            message:
              onPort.length === 0
                ? `no \`Listen\` opens port ${address.port}, so no request reaches this virtual host`
                : `no \`Listen\` on port ${address.port} takes connections to this address, so no request reaches this virtual host`,
            label: 'nothing listens here',
            related: (onPort.length === 0 ? opened : onPort).slice(0, 3).map(listener => ({
              at: listener.at,
              message: `Apache listens on ${formatEndpoint(listener)}`,
            })),
          }
        }
      }
    }
  },
})

/** True also where a name hides the address: then it may be the one. */
function reaches(listener: Listener, { address, port }: HostAddress): boolean {
  if (address === null || listener.address.kind === 'name' || address.kind === 'name') return true
  return covers(listener, { address, port }) !== false
}
