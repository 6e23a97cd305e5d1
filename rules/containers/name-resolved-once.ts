import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { hasVirtualAddresses } from './_swarm.ts'

export default defineRule({
  summary: 'nginx looks the name of a container up once',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'A name in `proxy_pass` or `upstream` is resolved when nginx starts. A container that Compose makes anew gets another address: nginx goes on with the old one, and answers 502 or with another container until it is reloaded. It does not start at all while the name is unknown.',
  remedy:
    'Reload nginx after every deployment, or write `resolver 127.0.0.11;` and the name in a variable (`set $web web; proxy_pass http://$web:8000;`), or `resolve` in the upstream',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#resolve',
  ],
  bad: [
    {
      title: 'the name of a service',
      files: {
        'docker-compose.yml': composeWith({}),
        'nginx/site.conf': siteTo('«web:8000»'),
      },
    },
  ],
  good: [
    {
      title: 'a service of Swarm, whose name is an address that stays',
      files: {
        'docker-compose.yml': composeWith({
          web: conf`
            deploy:
              placement:
                constraints: [node.role == worker]
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a variable and the resolver of Docker',
      files: {
        'docker-compose.yml': composeWith({}),
        'nginx/site.conf': conf`
          server {
              listen 80;
              resolver 127.0.0.11 valid=10s;
              location / {
                  set $web web;
                  proxy_pass http://$web:8000;
              }
          }
        `,
      },
    },
    {
      title: 'an address that the compose file gives',
      files: {
        'docker-compose.yml': composeWith({
          web: conf`
            networks:
              default:
                ipv4_address: 172.28.0.10
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
  ],
  *check({ connections }) {
    for (const { from, targets, upstream, pass } of connections.nginx) {
      if (from.machine.container === null) continue
      if (pass.args.some(({ value }) => value.includes('$') || isUnknownWord(value))) continue
      for (const { address, machine, at, written } of targets) {
        if (address.kind !== 'name' || machine === null || machine === from.machine) continue
        if (machine.container === null || hasVirtualAddresses(machine.container.project)) continue
        const { networks } = machine.container.service
        if (networks?.some(({ address: fixed }) => fixed !== null) === true) continue
        const line = upstream?.children.find(
          ({ name, args }) => name === 'server' && args[0]?.value === written,
        )
        if (line?.args.some(({ value }) => value === 'resolve') === true) continue
        yield {
          at,
          message: `nginx looks \`${address.name}\` up when it starts, and keeps the address when the container gets another`,
          label: 'resolved at start',
        }
      }
    }
  },
})
