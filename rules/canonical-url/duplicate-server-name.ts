import { formatEndpoint } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nameConflicts } from '../../src/servers/nginx/queries/select-server.ts'

const server = (name: string, root: string): string => conf`
  server {
      listen 80;
      server_name ${name};
      root /srv/${root};
  }
`

export default defineRule({
  summary: 'Two servers have the same name on the same socket, and nginx ignores the second',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx starts, warns of a “conflicting server name” and never gives the second server a request for it: a change made there, a redirect or a certificate, has no effect.',
  remedy: 'Join the two servers, or give them different names',
  references: ['https://nginx.org/en/docs/http/server_names.html'],
  bad: [
    {
      title: 'a copy that was forgotten',
      files: { 'nginx.conf': server('example.org', 'www') + server('«example.org»', 'new') },
    },
  ],
  good: [
    {
      title: 'two names',
      files: { 'nginx.conf': server('example.org', 'www') + server('new.example.org', 'new') },
    },
    {
      title: 'two ports',
      files: {
        'nginx.conf': server('example.org', 'www') + server('example.org', 'new').replace('80', '8080'),
      },
    },
    {
      title: 'one server that says the name twice',
      files: { 'nginx.conf': server('example.org', 'www') + server('_', 'all') },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const { ignored, kept, socket, server, keptServer } of nameConflicts(configuration)) {
        if (server === keptServer || ignored.text === '_' || ignored.text === '') continue
        const where = formatEndpoint({ address: socket.address, port: socket.port })
        yield {
          at: ignored.at,
          per: 'sockets',
          message: often =>
            `nginx ignores \`${ignored.text}\` here${often || ` on ${where}`}, because an earlier server has it`,
          label: 'never asked',
          related: [{ at: kept.at, message: 'this server answers' }],
        }
      }
    }
  },
})
