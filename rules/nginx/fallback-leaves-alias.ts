import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /admin/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'The start page that `try_files` falls back to is the one of another site',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The last word of `try_files` is a URI of the whole server, not a file beside the others. `/index.html` leaves the alias and is looked for at the document root: clients get the start page of the main site, or 404.',
  remedy: 'Write the path of the location in front: `try_files $uri $uri/ /admin/index.html;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'an application behind an alias',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          alias /srv/admin/;
          try_files $uri $uri/ «/index.html»;
        `),
      },
    },
  ],
  good: [
    {
      title: 'with the path of the location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          alias /srv/admin/;
          try_files $uri $uri/ /admin/index.html;
        `),
      },
    },
    {
      title: 'a picture for those that are missing',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          alias /srv/admin/;
          try_files $uri /missing.png;
        `),
      },
    },
    {
      title: 'parts of one site',
      files: {
        'etc/nginx/nginx.conf': nginx('try_files $uri $uri/ /index.html;'),
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const configuration of deployment.nginx) {
      if (!configuration.occurrences.has('alias')) continue
      for (const line of configuration.occurrences.get('try_files') ?? []) {
        const { parent } = line
        const fallback = line.args.at(-1)?.value ?? ''
        if (parent?.name !== 'location' || !/^\/index\.html?$/.test(fallback)) continue
        // Where directories are not looked for it is a page for files that are missing.
        if (!line.args.slice(0, -1).some(({ value }) => /^\$\{?uri\}?\/$/.test(value))) continue
        const { modifier, name } = readLocation(parent)
        const base = fileBase(configuration, parent)
        if ((modifier !== '' && modifier !== '^~') || !base.known || base.value.kind !== 'alias') continue
        if (base.value.directive.parent !== parent || effectivePass(configuration, parent) !== null) continue
        const server = serverAround(parent)
        if (server === null || !servers.has(server) || fallback.startsWith(name)) continue
        const selected = selectLocation(configuration, server, toBytes(fallback))
        if (!selected.known) continue
        const block = selected.value.location?.directive ?? server
        const other = fileBase(configuration, block)
        if (other.known && other.value.path.replace(/\/$/, '') === base.value.path.replace(/\/$/, ''))
          continue
        const at = argumentPlace(line, line.args.length - 1)
        const meant = `${name}${name.endsWith('/') ? '' : '/'}${fallback.slice(1)}`
        yield {
          at,
          message: `\`${fallback}\` is a URI of the server, which leaves \`${base.value.path}\`: its own page is \`${meant}\``,
          related: [{ at: argumentPlace(base.value.directive, 0), message: 'left behind' }],
          ...propose('Fall back to the own page', 'unsafe', [replacePlace(at, meant)]),
        }
      }
    }
  },
})
