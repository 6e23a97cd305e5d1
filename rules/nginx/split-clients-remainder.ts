import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (entries: string, pass = 'http://$pool'): string =>
  nginxMain(conf`
    split_clients $arg_client $pool {
        ${entries}
    }
    upstream canary {
        server 127.0.0.1:9000;
    }
    upstream stable {
        server 127.0.0.1:9000;
    }
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_set_header X-Pool $pool;
            proxy_pass ${pass};
        }
    }
  `)

export default defineRule({
  summary: '`split_clients` gives some clients no value, and they get 500',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Percentages that add up to less than 100 leave the variable empty for the rest of the clients. Where it names the backend, `invalid URL prefix` or `no host in upstream` stands in the log of nginx, and they get 500 Internal Server Error with every request.',
  remedy: 'Write `*` for the last value, which takes the rest',
  references: ['https://nginx.org/en/docs/http/ngx_http_split_clients_module.html'],
  bad: [
    {
      title: 'a tenth is left over',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          10% canary;
          80% stable;
        `).replace('$pool {', '«$pool» {'),
      },
    },
    {
      title: 'one value alone, as the whole address',
      files: {
        'etc/nginx/nginx.conf': nginx('0.5% http://127.0.0.1:9000;', '$pool').replace('$pool {', '«$pool» {'),
      },
    },
  ],
  good: [
    {
      title: 'the rest has a value',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          10% canary;
          * stable;
        `),
      },
    },
    {
      title: 'the percentages are a hundred',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          10% canary;
          90% stable;
        `),
      },
    },
    {
      title: 'a header that some requests lack',
      files: { 'etc/nginx/nginx.conf': nginx('10% canary;', 'http://stable') },
    },
    {
      title: 'an address that is whole without',
      files: { 'etc/nginx/nginx.conf': nginx('10% ?new;', 'http://127.0.0.1:9000/$pool') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const block of configuration.occurrences.get('split_clients') ?? []) {
        const name = (block.args[1]?.value ?? '').replace(/^\$\{?|\}$/g, '').toLowerCase()
        const left = leftOver(configuration, block)
        const pass = left > 0 && name !== '' ? passBy(configuration, block, name) : undefined
        if (pass === undefined) continue
        yield {
          at: argumentPlace(block, 1),
          message: `${left / 100}% of the clients get an empty \`$${name}\`, so the backend has no address: 500`,
          label: 'no `*`',
          related: [{ at: argumentPlace(pass, 0), message: 'the backend' }],
        }
      }
    }
  },
})

/** Hundredths of a percent that no entry takes; 0 also where that is not known. */
function leftOver(configuration: NginxConfiguration, block: NginxDirective): number {
  if (block.children.length === 0 || hasUnreadInclude(configuration, block)) return 0
  let left = 10_000
  for (const { name } of block.children) {
    const percent = /^(\d+(?:\.\d{1,2})?)%$/.exec(name)?.[1]
    if (percent === undefined) return 0
    left -= Math.round(Number(percent) * 100)
  }
  return Math.max(left, 0)
}

/** A pass whose address has nothing but the variable where its host is to be. */
function passBy(
  { occurrences }: NginxConfiguration,
  { context }: NginxDirective,
  name: string,
): NginxDirective | undefined {
  for (const pass of PASSES.flatMap(each => occurrences.get(each) ?? [])) {
    const target = pass.args[0]?.value ?? ''
    const host = target.replace(/^[a-z]+:\/\//i, '')
    if (pass.context.startsWith('stream') !== context.startsWith('stream')) continue
    if (!/^\$(?:\w+|\{\w+\})(?=$|\/|:|\$)/.test(host)) continue
    if (variableNames(host)[0] === name) return pass
  }
  return undefined
}
