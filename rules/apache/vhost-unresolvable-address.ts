import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (addresses: string): string => conf`
  <VirtualHost ${addresses}>
  ServerName example.org
  Redirect gone /old
  </VirtualHost>
`

export default defineRule({
  summary: 'An address of a virtual host that Apache cannot resolve and ignores',
  severity: 'warning',
  otherSeverities: { error: 'where the virtual host has no other address' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache takes the text for a host name, finds no address, writes `AH00547: Could not resolve host name … ignoring!` to the log and goes on: no connection ever leads to the virtual host by this address, and another one answers in its place.',
  remedy: 'Write the address with a numeric port, such as `*:443` or `[2001:db8::1]:443`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#virtualhost'],
  bad: [
    {
      title: 'a port by its name',
      files: {
        'site.conf': conf`
          Listen 127.0.0.1:443
          ${host('«*:https»')}
        `,
      },
    },
    {
      title: 'no address of version 4',
      files: { 'site.conf': host('«192.168.300.1:80» *:80') },
    },
    {
      title: 'a title in place of an address',
      files: { 'site.conf': host('«keyserver_webapp»') },
    },
  ],
  good: [
    {
      title: 'a number',
      files: {
        'site.conf': conf`
          Listen 127.0.0.1:443
          ${host('*:443')}
        `,
      },
    },
    {
      title: 'addresses, names and version 6',
      files: { 'site.conf': host('192.0.2.1:443 [2001:db8::1]:443 ::1:443 www.example.org:443') },
    },
    {
      title: 'a port that is filled in elsewhere',
      files: { 'site.conf': host('*:${PORT}') },
    },
  ],
  *check(deployment) {
    const machines = new Set(deployment.machines.flatMap(({ names }) => names))
    for (const configuration of deployment.apache) {
      const { hosts } = deployment.programOf(configuration).machine
      for (const { addresses } of virtualHosts(configuration)) {
        const all = addresses.every(({ dead }) => dead)
        for (const { at, text, dead } of addresses) {
          if (!dead) {
            const name = titleIn(text)
            if (name === null || hosts?.has(name) || machines.has(name)) continue
            yield {
              at,
              message: `\`${text}\` is taken for a host name, which only a hosts file can know: without it Apache ignores this address`,
              confidence: 'medium',
            }
            continue
          }
          yield {
            at,
            message: `no resolver knows \`${text}\`, so Apache ignores ${all ? 'the virtual host' : 'this address of the virtual host'}`,
            ...(all ? { severity: 'error' as const } : {}),
          }
        }
      }
    }
  },
})

/** A name with neither a dot nor a colon in it, lower case; what other names a resolver knows is open. */
function titleIn(text: string): string | null {
  const name = text.replace(/:(?:\d+|\*)$/, '').toLowerCase()
  return /^[a-z0-9_-]*[a-z_][a-z0-9_-]*$/.test(name) && name !== 'localhost' && name !== '_default_'
    ? name
    : null
}
