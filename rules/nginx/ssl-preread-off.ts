import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'

const nginx = (lines: string): string => conf`
  events {
  }
  stream {
      map $ssl_preread_server_name $backend {
          a.example.org 127.0.0.1:9000;
          default 127.0.0.1:9001;
      }
      server {
          listen 8443;
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'The name in the TLS handshake is asked for and never read',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`$ssl_preread_server_name` is filled only where `ssl_preread` is on. Without it the variable is empty, and every connection goes where the default leads.',
  remedy: 'Write `ssl_preread on;` in the server',
  references: ['https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html'],
  unproven: 'nginx as Debian’s package installs it has no module for stream.',
  bad: [
    {
      title: 'a map of names without it',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass «$backend»;') },
    },
  ],
  good: [
    {
      title: 'with it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_preread on;
          proxy_pass $backend;
        `),
      },
    },
    {
      title: 'a server that asks for no name',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass 127.0.0.1:9000;') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const maps = (configuration.occurrences.get('map') ?? []).filter(
        ({ args, context }) => context === 'stream' && /\$\{?ssl_preread_/.test(args[0]?.value ?? ''),
      )
      const made = new Set(maps.map(({ args }) => args[1]?.value ?? ''))
      for (const pass of configuration.occurrences.get('proxy_pass') ?? []) {
        const { parent } = pass
        const value = pass.args[0]?.value ?? ''
        if (pass.context !== 'stream server' || parent === null || !value.includes('$')) continue
        const asks = value.includes('$ssl_preread_') || [...made].some(name => value === name)
        if (!asks || isOn(configuration, parent)) continue
        yield {
          at: argumentPlace(pass, 0),
          message: `\`ssl_preread\` is off, so \`${value}\` holds the default for every connection`,
          related: maps.slice(0, 1).map(map => ({ at: argumentPlace(map, 0), message: 'empty without it' })),
        }
      }
    }
  },
})

/** True in doubt too. */
function isOn(configuration: NginxConfiguration, server: NginxDirective): boolean {
  if (configuration.main === null && server.parent === null) return true
  for (let level: NginxDirective | null = server; level !== null; level = level.parent) {
    const line = level.children.find(({ name }) => name === 'ssl_preread')
    if (line !== undefined) return line.args[0]?.value.toLowerCase() === 'on'
    if (hasUnreadInclude(configuration, level, 'ssl_preread')) return true
  }
  return false
}
