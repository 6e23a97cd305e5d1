import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
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
  summary: 'A variable in `proxy_pass` holds a name, and no `resolver` is there to look it up',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx looks a name up at its start only where it is written out. A name in a variable is asked for with each request, of the `resolver` alone: without one the answer is 502, “no resolver defined to resolve …”. Neither the system’s resolver nor `/etc/hosts` is asked.',
  remedy: 'Write `resolver …;` with the address of a name server: `127.0.0.11` in a container of Docker',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver'],
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
  ],
  good: [
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
      if (name === null) continue
      const fact = effectiveAtHand(server.configuration, block, 'resolver')
      if (!fact.known || fact.value.directives.length > 0) continue
      if (isForForeignImage(deployment, pass.source.path)) continue
      const { configuration } = server
      if (
        configuration.main === null &&
        resolvesBelow(deployment.filesOf(configuration), directoryAbove(pass.source.path))
      )
        continue
      yield {
        at: argumentPlace(pass, 0),
        message: `no \`resolver\` is defined to resolve \`${name}\`, so nginx answers 502`,
        label: 'looked up with each request',
      }
    }
  },
})

/** So many directories are looked into for a main file. */
const MOST = 40

const directoryAbove = (path: string): string => posix.dirname(posix.dirname(path))

/** True where a main file in a directory or below it, which may include a site there, has a `resolver` for all. */
const resolvesBelow = memoByKey((files: FileSystem, begin: string): boolean => {
  const waiting = [begin]
  for (let looked = 0; looked < MOST; looked++) {
    const directory = waiting.shift()
    if (directory === undefined) return false
    for (const { name, kind } of files.list(directory) ?? []) {
      const path = posix.join(directory, name)
      if (kind === 'directory') waiting.push(path)
      const source = kind === 'file' && /^nginx\.conf/.test(name) ? sourceAt(files, path) : null
      if (source !== null && /^\s*http\b/m.test(source.code) && /^\s*resolver\s/m.test(source.code))
        return true
    }
  }
  return false
})
