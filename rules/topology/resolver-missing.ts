import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseNginxTarget } from '../../src/servers/addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { allServices } from '../containers/_compose-projects.ts'
import { isForForeignImage } from '../containers/_images.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { lookedUpName } from '../_looked-up-name.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'A name is looked up while nginx runs, and no `resolver` is there to ask',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx looks a name up at its start only where it is written out. A name in a variable is asked for with each request, of the `resolver` alone: without one the answer is 502, “no resolver defined to resolve …”. Neither the system’s resolver nor `/etc/hosts` is asked. With `resolve` at a `server` of an upstream nginx does not start without one, and that of a `server` block does not count.',
  remedy: 'Write `resolver …;` with the address of a name server: `127.0.0.11` in a container of Docker',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#resolver',
  ],
  bad: [
    {
      title: 'the name of a container',
      files: {
        'nginx.conf': site(conf`
          set $backend app;
          proxy_pass «http://$backend:9000»;
        `),
      },
    },
    {
      title: 'a variable behind the name',
      files: { 'nginx.conf': site('proxy_pass «http://localhost:9000$request_uri»;') },
    },
    {
      title: 'a name of an upstream, whose `server` block alone has a name server',
      files: {
        '.auditrc': 'versions: {nginx: 1.28.0}\n',
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              upstream app {
                  zone app 64k;
                  server «app.example.org:8000» resolve;
              }
              server {
                  listen 80;
                  server_name example.org;
                  resolver 192.0.2.53;
                  location / {
                      proxy_pass http://app;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a name of an upstream in lines for a main file',
      files: {
        'conf.d/app.conf': conf`
          upstream app {
              zone app 64k;
              server «app:8000» resolve;
          }
          ${site('proxy_pass http://app;')}
        `,
      },
    },
  ],
  good: [
    {
      title: 'name servers of the upstream and of all, and an address',
      files: {
        '.auditrc': 'versions: {nginx: 1.28.0}\n',
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              upstream own {
                  zone own 64k;
                  resolver 127.0.0.11;
                  server app:8000 resolve;
              }
              upstream address {
                  zone address 64k;
                  server 192.0.2.7:8000 resolve;
              }
              include conf.d/*.conf;
          }
        `,
        'etc/nginx/conf.d/app.conf': conf`
          upstream app {
              zone app 64k;
              server app.example.org:8000 resolve;
              resolver 192.0.2.53;
          }
          ${site('proxy_pass http://app;')}
        `,
      },
    },
    {
      title: 'Docker’s name server',
      files: {
        'nginx.conf': site(conf`
          resolver 127.0.0.11;
          set $backend app;
          proxy_pass http://$backend:9000;
        `),
      },
    },
    {
      title: 'an upstream',
      files: {
        'nginx.conf': conf`
          upstream app {
              server 127.0.0.1:9000;
          }
          ${site(conf`
            set $backend app;
            proxy_pass http://$backend;
          `)}
        `,
      },
    },
    {
      title: 'a word without a port, which may be an upstream of another file',
      files: { 'site.conf': site('proxy_pass http://shop_80$request_uri;') },
    },
    {
      title: 'an address',
      files: {
        'nginx.conf': site(conf`
          set $backend 127.0.0.1;
          proxy_pass http://$backend:9000;
        `),
      },
    },
    {
      title: 'whatever address the client asks for',
      files: { 'nginx.conf': site('proxy_pass http://$http_host$request_uri;') },
    },
    {
      title: 'a variable behind an address',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000$request_uri;') },
    },
    {
      title: 'a main file beside it, which may include it',
      files: {
        'nginx/files/nginx.conf.j2': conf`
          events {
          }
          http {
              resolver 192.0.2.53;
              include /etc/nginx/sites-enabled/*;
          }
        `,
        'nginx/domains/shop.conf': site(conf`
          set $backend app;
          proxy_pass http://$backend:9000;
        `),
      },
    },
    {
      title: 'the main file among the templates of the role that has it among its files',
      files: {
        'roles/web/templates/etc_nginx.conf.j2': conf`
          {{ ansible_managed | comment }}
          events {
          }
          http {
              resolver 192.0.2.53;
              include /etc/nginx/conf.d/*.conf;
          }
        `,
        'roles/web/files/conf/http/shop.conf': conf`
          upstream shop {
              zone shop 64k;
              server shop.example.org resolve;
          }
          ${site('proxy_pass http://shop;')}
        `,
      },
    },
    {
      title: 'a file beside it for all sites',
      files: {
        'conf.d/00-resolver.conf': 'resolver 127.0.0.11 valid=10s;\n',
        'conf.d/shop.conf': site(conf`
          set $backend app;
          proxy_pass http://$backend:9000;
        `),
      },
    },
    {
      title: 'the image of somebody else, whose main file may have one',
      files: {
        Dockerfile: conf`
          FROM registry.example.org/shop/nginx-base:latest
          COPY include/shop.conf /etc/nginx/include/
        `,
        'include/shop.conf': site(conf`
          set $backend app;
          proxy_pass http://$backend:9000;
        `),
      },
    },
    {
      title: 'a name that another line has nginx look up at its start',
      files: {
        'nginx.conf': site(conf`
          set $backend localhost:9000;
          proxy_pass http://$backend;
          location = /first {
              proxy_pass http://localhost:9000;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass } of deployment.connections.nginx) {
      const written = pass.args[0]?.value ?? ''
      if (!written.includes('$')) continue
      // A client that names an address needs none, and only its names are looked up.
      if (/^https?:\/\/\$(?:http_)?host\b/.test(written)) continue
      const name = lookedUpName(deployment, server, block, written)
      if (name === null || mayBeUpstream(deployment, server.configuration, name, written)) continue
      const fact = effectiveAtHand(server.configuration, block, 'resolver')
      if (!fact.known || fact.value.directives.length > 0) continue
      if (isForForeignImage(deployment, pass.source.path)) continue
      if (mayResolveAbove(deployment, server.configuration, pass)) continue
      yield {
        at: argumentPlace(pass, 0),
        message: `no \`resolver\` is defined to resolve \`${name}\`, so nginx answers 502`,
        label: 'looked up with each request',
      }
    }
    for (const configuration of deployment.nginx)
      for (const upstream of configuration.occurrences.get('upstream') ?? []) {
        const server = upstream.children.find(isResolved)
        const fact = server === undefined ? null : effectiveAtHand(configuration, upstream, 'resolver')
        if (server === undefined || fact?.known !== true || fact.value.directives.length > 0) continue
        if (isForForeignImage(deployment, upstream.source.path)) continue
        if (mayResolveAbove(deployment, configuration, upstream)) continue
        const place = upstream.context === 'stream' ? 'stream' : 'http'
        yield {
          at: argumentPlace(server, 0),
          message: `no resolver defined to resolve names at run time in upstream \`${upstream.args[0]?.value}\`: neither the upstream nor \`${place}\` has one`,
          label: '`resolve` needs a name server',
          ...(configuration.main !== null && { fatal: true }),
        }
      }
  },
})

/**
 * True for one word without a port in a file of servers whose main file is not there: nginx asks its upstreams first, and
 * another file may have one of this name. A service of a compose file is meant by its name.
 */
function mayBeUpstream(
  deployment: Deployment,
  { main, occurrences }: NginxConfiguration,
  name: string,
  written: string,
): boolean {
  if (main !== null || name === 'localhost' || !/^[\w-]+$/.test(name)) return false
  const [, authority = ''] = /^[a-z]+:\/\/([^/]*)/i.exec(written) ?? []
  const set = (occurrences.get('set') ?? []).filter(({ args }) => authority.includes(args[0]?.value ?? ' '))
  const texts = [authority, ...set.map(({ args }) => args[1]?.value.replace(/^[a-z]+:\/\//i, '') ?? '')]
  if (texts.some(text => text.includes(':'))) return false
  for (const service of allServices(deployment)) if (service.name === name) return false
  return true
}

/** A `server` of an upstream whose name nginx asks for while it runs. */
function isResolved({ name, args }: NginxDirective): boolean {
  const [address, ...parameters] = args
  if (name !== 'server' || address === undefined || isUnknownWord(address.value)) return false
  const target = parseNginxTarget(address.value, 80)
  return target?.address.kind === 'name' && parameters.some(({ value }) => value === 'resolve')
}

/** True for a fragment that may be included by a main file with a `resolver` for all. */
function mayResolveAbove(
  deployment: Deployment,
  configuration: NginxConfiguration,
  { source }: NginxDirective,
): boolean {
  return (
    configuration.main === null &&
    resolvesBelow(deployment.filesOf(configuration), directoryAbove(source.path))
  )
}

/** So many directories are looked into for a main file. */
const MOST = 40

/** The directory above that of a file; of one among the `files` or `templates` of a role, the role. */
function directoryAbove(path: string): string {
  const role = /^(.*\/)(?:files|templates)\//.exec(path)?.[1]
  return role === undefined || role === '/' ? posix.dirname(posix.dirname(path)) : role.slice(0, -1)
}

/** True where a main file in a directory or below it, which may include a site there, or a file beside has a `resolver` for all. */
const resolvesBelow = memoByKey((files: FileSystem, begin: string): boolean => {
  const waiting = [begin]
  for (let looked = 0; looked < MOST; looked++) {
    const directory = waiting.shift()
    if (directory === undefined) return false
    for (const { name, kind } of files.list(directory) ?? []) {
      const path = posix.join(directory, name)
      if (kind === 'directory') waiting.push(path)
      const source = kind === 'file' && /\.conf\b/.test(name) ? sourceAt(files, path) : null
      const isMain =
        source !== null && /(?:^|[_.-])nginx\.conf/.test(name) && /^[ \t]*http\b/m.test(source.code)
      if (source !== null && (isMain ? /^\s*resolver\s/m : /^resolver\s/m).test(source.code)) return true
    }
  }
  return false
})
