import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { misspeltUpstreams } from './_misspelt-upstream.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (target: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        upstream django {
            server 127.0.0.1:9000;
        }
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass ${target};
            }
        }
    }
  `,
})
/** One upstream for two locations, of which one may name it in another way. */
const twoLocations = (target: string, server = '127.0.0.1:9000'): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        upstream shop_backend {
            server ${server};
        }
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://shop_backend;
            }
            location /api/ {
                proxy_pass ${target};
            }
        }
    }
  `,
})
const HOSTS = { 'etc/hosts': conf`127.0.0.1 localhost` }

export default defineRule({
  summary: 'A name in proxy_pass is nearly that of an upstream',
  severity: 'error',
  otherSeverities: { warning: 'where no hosts file is in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'What is no upstream is a host for nginx, and it asks the resolver for it as it starts. Nobody knows such a host, so nginx refuses its whole configuration: “host not found in upstream”.',
  remedy: 'Write the name of the upstream as it is defined',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    { title: 'two letters swapped', files: { ...nginx('«http://djagno»'), ...HOSTS } },
    {
      title: 'another sign between its words',
      files: { ...twoLocations('«http://shop-backend»'), ...HOSTS },
    },
  ],
  good: [
    { title: 'the same name', files: { ...nginx('http://django'), ...HOSTS } },
    { title: 'without regard to case', files: { ...nginx('http://Django/'), ...HOSTS } },
    {
      title: 'a host of this name is known',
      files: { ...nginx('http://djagno'), 'etc/hosts': conf`127.0.0.1 localhost djagno` },
    },
    {
      title: 'a server of the upstream, which is a host',
      files: { ...twoLocations('http://shop-backend', 'shop-backend:8000'), ...HOSTS },
    },
    { title: 'a host with a port, such as a container', files: { ...nginx('http://djang:8000'), ...HOSTS } },
  ],
  *check({ nginx, programOf }) {
    const found = nginx.flatMap(configuration =>
      misspeltUpstreams(configuration).map(each => ({
        ...each,
        hosts: programOf(configuration).machine.hosts,
      })),
    )
    for (const { pass, name, meant, hosts } of found) {
      if (hosts?.has(name.toLowerCase()) === true) continue
      const at = argumentPlace(pass, 0)
      // A resolver may know a host without a dot, in a network of containers for one.
      const isSure = hosts !== null
      yield {
        at,
        severity: isSure ? 'error' : 'warning',
        confidence: isSure ? 'high' : 'medium',
        message: `\`${name}\` is no upstream; nginx takes it for a host, and does not start where nobody knows one`,
        label: `\`${meant.name}\`?`,
        related: [{ at: meant.at, message: 'nearly the same name' }],
        ...propose(`Proxy to ${meant.name}`, 'unsafe', [
          replacePlace(at, (pass.args[0]?.value ?? '').replace(name, meant.name)),
        ]),
      }
    }
  },
})
