import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { passesOf, type ProxyHostKeyed, type SharedKey, sharedKeys } from './_shared-key.ts'

const main = (key: string, names = 'example.org'): string => conf`
  proxy_cache_path /var/lib/nginx/cache keys_zone=site:1m;
  server {
      listen 80;
      server_name ${names};
      location / {
          proxy_cache site;
          proxy_cache_valid 200 5m;
          proxy_cache_key ${key};
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const fastcgi = (lines: string): string =>
  nginxMain(conf`
    fastcgi_cache_path /var/lib/nginx/cache keys_zone=site:1m;
    server {
        listen 80;
        server_name example.org;
        location / {
            include fastcgi_params;
            fastcgi_pass unix:/run/php/site.sock;
            fastcgi_param SCRIPT_FILENAME /srv/www/index.php;
            ${lines}
            fastcgi_cache_valid 200 5m;
        }
    }
  `)
/** A site whose pages come to its script. */
const scripts = (key: string, fallback = '/index.php?$args'): string =>
  nginxMain(conf`
    fastcgi_cache_path /var/lib/nginx/cache keys_zone=site:1m;
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        index index.php;
        location / {
            try_files $uri $uri/ ${fallback};
        }
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:/run/php/site.sock;
            fastcgi_cache site;
            fastcgi_cache_valid 200 5m;
            fastcgi_cache_key ${key};
        }
    }
  `)

const proxied = (name: string, target: string, lines = ''): string =>
  nginxServer(conf`
    location / {
        proxy_pass ${target};
        proxy_set_header Host $host;
        ${lines}
    }
  `).replace('example.org', name)
/** A cache in front of two sites. */
const twoSites = (cache: string, names = ['bread.example.org', 'cars.example.org']): string =>
  nginxMain([
    conf`
      proxy_cache_path /var/lib/nginx/cache keys_zone=site:1m;
      proxy_cache_valid 200 5m;
      ${cache}
    `,
    ...names.map(name => proxied(name, 'http://127.0.0.1:8080')),
  ])
const vhost = (name: string, root = `/srv/${name}`): string => conf`
  <VirtualHost 127.0.0.1:8080>
      ServerName ${name}
      DocumentRoot ${root}
      <Directory /srv>
          Require all granted
      </Directory>
  </VirtualHost>
`
const behind = (root?: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    ['Listen 127.0.0.1:8080', vhost('bread.example.org', root), vhost('cars.example.org', root)],
    ['dir'],
  ),
  'srv/bread.example.org/index.html': 'bread\n',
  'srv/cars.example.org/index.html': 'cars\n',
})

export default defineRule({
  summary: 'The key of the cache is the same for different pages',
  severity: 'warning',
  otherSeverities: {
    error:
      'where pages of one site are sent to clients of another, where all pages of a site are one, and for requests that differ by their body or their part of a file',
    info: 'where two names are passed on to one address, and nobody sees whether they are two sites',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx answers from the cache whatever has the same key. `$uri` has no query, so `/list?page=2` is answered with page 1; without the name of the site, one site gets the pages of another; without the path, every page is the first that somebody asked for. By default the name is `$proxy_host`, the address of `proxy_pass`, which is the same for all sites behind it. `fastcgi_cache`, `uwsgi_cache` and `scgi_cache` have no key of their own, and what PHP answers to `HEAD` has no body: without the method in the key that is the page for everybody.',
  remedy: 'Write `proxy_cache_key $scheme$host$request_uri;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_key'],
  bad: [
    {
      title: 'the path behind `try_files`',
      files: {
        'etc/nginx/nginx.conf': scripts('«$scheme$request_method$host$uri»'),
        'srv/www/index.php': '<?php\n',
      },
    },
    {
      title: 'the path behind `try_files`, and the query',
      files: {
        'etc/nginx/nginx.conf': scripts('«$request_method$host$uri$is_args$args»'),
        'srv/www/index.php': '<?php\n',
      },
    },
    {
      title: 'scripts without the query',
      files: {
        'etc/nginx/nginx.conf': scripts('«$request_method$host$uri»', '=404'),
        'srv/www/index.php': '<?php\n',
      },
    },
    { title: 'without the query', files: { 'nginx.conf': main('«$scheme$host$uri»') } },
    {
      title: 'without the name',
      files: { 'nginx.conf': main('«$request_uri»', 'a.example.org b.example.org') },
    },
    { title: 'without the path', files: { 'nginx.conf': main('«$scheme$request_method$host»') } },
    {
      title: 'requests that are kept by their body',
      files: {
        'nginx.conf': main('$scheme$host$request_uri').replace(
          'proxy_cache site;',
          'proxy_cache site;\n          proxy_cache_methods GET HEAD «POST»;',
        ),
      },
    },
    {
      title: 'parts of files',
      files: {
        'nginx.conf': main('$scheme$host$request_uri').replace(
          'proxy_cache site;',
          'proxy_cache site;\n          slice «1m»;\n          proxy_set_header Range $slice_range;',
        ),
      },
    },
    {
      title: 'an empty page by HEAD',
      files: {
        'etc/nginx/nginx.conf': fastcgi(conf`
          fastcgi_cache site;
          fastcgi_cache_key «$scheme$host$request_uri»;
        `),
      },
    },
    {
      title: 'the key of nginx, for the virtual hosts of one Apache',
      files: { 'etc/nginx/nginx.conf': twoSites('«proxy_cache» site;'), ...behind() },
    },
    {
      title: 'the address of the backend for the name, in a key',
      files: {
        'etc/nginx/nginx.conf': twoSites(conf`
          proxy_cache site;
          proxy_cache_key «$scheme$proxy_host$uri$is_args$args»;
        `),
        ...behind(),
      },
    },
    {
      title: 'whatever name, passed on to two virtual hosts',
      files: { 'etc/nginx/nginx.conf': twoSites('«proxy_cache» site;', ['_']), ...behind() },
    },
    {
      title: 'two domains and a backend that nobody sees',
      files: {
        'etc/nginx/nginx.conf': twoSites('«proxy_cache» site;', ['bread.example', 'cars.example.org']),
      },
    },
    {
      title: 'two names of a domain and a backend that nobody sees: advice',
      files: { 'etc/nginx/nginx.conf': twoSites('«proxy_cache» site;') },
    },
    { title: 'no key at all', files: { 'etc/nginx/nginx.conf': fastcgi('«fastcgi_cache» site;') } },
  ],
  good: [
    {
      title: 'the name of the site in the key, for the virtual hosts of one Apache',
      files: {
        'etc/nginx/nginx.conf': twoSites(conf`
          proxy_cache site;
          proxy_cache_key $scheme$host$request_uri;
        `),
        ...behind(),
      },
    },
    {
      title: 'names of one site',
      files: {
        'etc/nginx/nginx.conf': twoSites('proxy_cache site;', ['example.org', 'www.example.org']),
        ...behind('/srv/www'),
      },
    },
    {
      title: 'two virtual hosts with the same files',
      files: { 'etc/nginx/nginx.conf': twoSites('proxy_cache site;'), ...behind('/srv/www') },
    },
    {
      title: 'names of one server, whatever is behind it',
      files: {
        'etc/nginx/nginx.conf': twoSites('proxy_cache site;', ['bread.example cars.example.org']),
      },
    },
    {
      title: 'names that decide what is kept',
      files: {
        'etc/nginx/nginx.conf': twoSites(conf`
          map $host $skip {
              default 1;
              bread.example.org 0;
          }
          proxy_cache site;
          proxy_no_cache $skip;
          proxy_cache_bypass $skip;
        `),
        ...behind(),
      },
    },
    {
      title: 'each site at an address of its own',
      files: {
        'etc/nginx/nginx.conf': twoSites('proxy_cache site;').replace(/(cars[^}]*):8080/, '$1:8081'),
      },
    },
    {
      title: 'the path in the query behind `try_files`',
      files: {
        'etc/nginx/nginx.conf': scripts('$request_method$host$uri$is_args$args', '/index.php?q=$uri&$args'),
        'srv/www/index.php': '<?php\n',
      },
    },
    {
      title: 'scripts that are asked for by name, with the query',
      files: {
        'etc/nginx/nginx.conf': scripts('$request_method$host$uri$is_args$args', '=404'),
        'srv/www/index.php': '<?php\n',
      },
    },
    {
      title: 'scheme, name and query',
      files: { 'nginx.conf': main('$scheme$host$request_uri', 'a.example.org b.example.org') },
    },
    {
      title: 'a subrequest',
      files: {
        'nginx.conf': main('$uri$http_authorization').replace(
          'proxy_cache site;',
          'internal;\n          proxy_cache site;',
        ),
      },
    },
    {
      title: 'a key for FastCGI',
      files: {
        'etc/nginx/nginx.conf': fastcgi(conf`
          fastcgi_cache site;
          fastcgi_cache_key $scheme$request_method$host$request_uri;
        `),
      },
    },
    {
      title: 'programs of CGI, whatever they answer',
      files: {
        'etc/nginx/nginx.conf': fastcgi(conf`
          fastcgi_cache site;
          fastcgi_cache_key $scheme$host$request_uri;
        `).replace('/run/php/site.sock', '/run/fcgiwrap.socket'),
      },
    },
    {
      title: 'a key for FastCGI, and HEAD is left out',
      files: {
        'etc/nginx/nginx.conf': fastcgi(conf`
          set $skip 0;
          if ($request_method != GET) {
              set $skip 1;
          }
          fastcgi_cache site;
          fastcgi_cache_key $scheme$host$request_uri;
          fastcgi_no_cache $skip;
          fastcgi_cache_bypass $skip;
        `),
      },
    },
    {
      title: 'one page alone',
      files: { 'nginx.conf': main('$scheme$host').replace('location /', 'location = /news') },
    },
    {
      title: 'one page, by its name in the key',
      files: { 'nginx.conf': main('/versions').replace('location /', 'location /versions') },
    },
    {
      title: 'answers by what a request holds',
      files: { 'nginx.conf': main('$host$request_body').replace('location /', 'location /graphql') },
    },
    {
      title: 'one page, by a pattern',
      files: {
        'nginx.conf': main('$scheme$host').replace('location /', String.raw`location ~ ^/news\.json$`),
      },
    },
    {
      title: 'the body, and the part of the file',
      files: {
        'nginx.conf': main('"$scheme$host$request_uri|$request_body|$slice_range"').replace(
          'proxy_cache site;',
          conf`
            proxy_cache site;
                      proxy_cache_methods GET HEAD POST;
                      slice 1m;
                      proxy_set_header Range $slice_range;
          `,
        ),
      },
    },
    {
      title: 'a cache that is off',
      files: { 'etc/nginx/nginx.conf': fastcgi('fastcgi_cache off;') },
    },
    {
      title: 'a backend that is asked for the path alone',
      files: {
        'nginx.conf': main('$uri')
          .replace('location /', 'location ~ ^/media/(?<file>.+)$')
          .replace('9000;', '9000/media/$file;'),
      },
    },
    { title: 'path and query apart', files: { 'nginx.conf': main('$host$uri$is_args$args') } },
    {
      title: 'a variable of one’s own',
      files: {
        'nginx.conf': main('$host$page').replace(
          'server {',
          'map $request_uri $page {\n    default $request_uri;\n}\nserver {',
        ),
      },
    },
    {
      title: 'a backend that is asked for one name, whoever asks',
      files: {
        'nginx.conf': main('$request_uri', 'a.example.org b.example.org').replace(
          'Host $host',
          'Host images.example.org',
        ),
      },
    },
    {
      title: 'a backend that is asked for the name in `proxy_pass`',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          main('$request_uri', 'a.example.org b.example.org').replace('proxy_set_header Host $host;', ''),
        ),
      },
    },
    {
      title: 'a fragment that does not say what the backend is asked for',
      files: {
        'nginx.conf': main('$request_uri', 'a.example.org b.example.org').replace(
          'proxy_set_header Host $host;',
          '',
        ),
      },
    },
    {
      title: 'a backend that is told the first name of the server, whoever asks',
      files: {
        'nginx.conf': main('$request_uri', 'a.example.org b.example.org').replace(
          'Host $host;',
          'Host images.example.org;\n          proxy_set_header X-Forwarded-Host $server_name;',
        ),
      },
    },
    {
      title: 'a word of its own for the name of the site',
      files: { 'nginx.conf': main('shop-$request_uri', 'a.example.org b.example.org') },
    },
    {
      title: 'files of one site',
      files: {
        'nginx.conf': main('$uri', 'example.org www.example.org').replace(
          'location /',
          'location ~* \\.(?:css|js)$',
        ),
      },
    },
  ],
  *check(deployment) {
    const { connections } = deployment
    const zones = new Map<string, Set<string>>()
    const cached = connections.nginx.flatMap(connection => {
      const zone = zoneOf(connection)
      if (zone === null) return []
      const [all, sites] = [zones.get(zone) ?? new Set<string>(), sitesOf(connection)]
      for (const site of sites) all.add(site)
      zones.set(zone, all)
      return [{ connection, zone, sites }]
    })
    // Zones that keep pages of more than one name.
    const shared = new Set([...zones].flatMap(([zone, sites]) => (sites.size > 1 ? [zone] : [])))
    const byProxyHost: ProxyHostKeyed[] = []
    for (const each of cached) {
      const { connection, zone } = each
      const { server, block, pass } = connection
      const key = effective(server.configuration, block, pass.name.replace('_pass', '_cache_key'))
      const line = key.known ? key.value.directives[0] : undefined
      const value = line?.args[0]?.value
      yield* withoutBodyOrPart(connection, key, value)
      if (line === undefined || value === undefined) {
        if (line !== undefined || !key.known || !key.value.complete) continue
        const cache = cacheOf(connection)
        if (cache === undefined) continue
        if (pass.name === 'proxy_pass') byProxyHost.push({ ...each, key: null, at: namePlace(cache) })
        if (pass.name === 'proxy_pass' || isOnePage(connection)) continue
        yield {
          at: namePlace(cache),
          aspect: 'path',
          severity: 'error',
          message: `no \`${cache.name}_key\` holds here, so every page is answered with the first that was kept`,
          help: `Write \`${cache.name}_key $scheme$request_method$host$request_uri;\``,
        }
        continue
      }
      const names = variableNames(value)
      if (!names.every(name => KNOWN.test(name))) continue
      // The answer of a subrequest that checks who asks.
      if (block.children.some(({ name }) => name === 'internal') || names.includes('http_authorization'))
        continue
      const at = argumentPlace(line, 0)
      if (names.every(name => SAME_FOR_ALL.test(name)) && !namesPage(value) && !isOnePage(connection)) {
        yield {
          at,
          aspect: 'path',
          severity: 'error',
          message: `\`${value}\` has no path, so every page is answered with the first that was kept`,
        }
        continue
      }
      if (
        names.some(name => PATH.test(name)) &&
        !names.some(name => /^request_uri$|^arg_/.test(name)) &&
        isOneScript(deployment, connection)
      ) {
        yield {
          at,
          aspect: 'path',
          severity: 'error',
          message: `\`$${names.find(name => PATH.test(name))}\` is \`/index.php\` for every page that \`try_files\` leads there, so every page is answered with the first that was kept`,
          help: 'Write `$request_uri` in place of it',
        }
        continue
      }
      if (
        names.some(name => PATH.test(name)) &&
        !names.some(name => QUERY.test(name)) &&
        !isOfFiles(connection) &&
        !dropsQuery(connection)
      ) {
        yield {
          at,
          aspect: 'query',
          message: `\`${value}\` has no query, so \`/page?id=2\` is answered with \`/page?id=1\``,
        }
      }
      const isOfProxyHost = pass.name === 'proxy_pass' && names.includes('proxy_host')
      const isOfSite = names.some(name => SITE.test(name))
      if (isOfProxyHost && !isOfSite) byProxyHost.push({ ...each, key: value, at })
      if (names.length > 0 && !isOfSite && !isOfProxyHost && shared.has(zone) && !hasOwnWord(value)) {
        yield {
          at,
          aspect: 'site',
          severity: 'error',
          message: `\`${value}\` has no name of the site, so one site is answered with pages of another`,
        }
      }
    }
    for (const shared of sharedKeys(deployment, byProxyHost.filter(keepsAllNames))) yield ofProxyHost(shared)
  },
})

/** Sites of which one may be answered with pages of the other, as they are passed on to one address. */
function ofProxyHost(shared: SharedKey): RuleFinding {
  const { first, other, evidence } = shared
  const { key, at, connection } = first
  const names = [first, ...(other === null ? [] : [other])].flatMap(({ sites }) => sites.slice(0, 1))
  const who = names.length > 1 ? names.map(name => `\`${name}\``).join(' and ') : 'all sites behind it'
  const address = connection.written.replace(/^\w+:\/\//, '')
  const written =
    key === null
      ? 'without `proxy_cache_key` the key is `$scheme$proxy_host$request_uri`, and `$proxy_host`'
      : `\`${key}\` has \`$proxy_host\` for the name of the site, which`
  const harm =
    evidence === 'seen'
      ? ', so one site is answered with pages of another'
      : ': if the backend goes by the name, one is answered with pages of the other'
  return {
    at,
    aspect: 'site',
    ...(evidence !== 'likely' && { severity: evidence === 'seen' ? ('error' as const) : ('info' as const) }),
    message: `${written} is \`${address}\` for ${who}${harm}`,
    related: passesOf(shared),
  }
}

/** False where a `map` or an `if` may leave the pages of some names out of the cache. */
function keepsAllNames({ connection: { server, block } }: ProxyHostKeyed): boolean {
  const { configuration } = server
  const lines = ['proxy_no_cache', 'proxy_cache_bypass'].flatMap(name => {
    const found = effectiveAtHand(configuration, block, name)
    return found.known ? found.value.directives : []
  })
  const names = lines.flatMap(({ args }) => args.flatMap(({ value }) => variableNames(value)))
  if (names.every(name => /^(?:http|cookie|arg)_/.test(name))) return true
  return !(configuration.occurrences.get('map') ?? []).some(
    ({ args: [from, to] }) =>
      /\$\{?(?:host|http_host|server_name)\b/.test(from?.value ?? '') &&
      names.includes(to?.value.slice(1) ?? ''),
  )
}

/** True where pages that are no files come to this location as `/index.php`, with nothing of their path in the query. */
function isOneScript(deployment: Deployment, { server, block, pass }: NginxConnection): boolean {
  if (pass.name !== 'fastcgi_pass' || !isOfScripts(block)) return false
  const [request] = requestsToServer(deployment, server, `/${MISSING}/`)
  if (request === undefined) return false
  const { steps, end } = probe(deployment, request)
  const fallback = steps.find(({ text }) => /^`try_files` falls back to `\/index\.php/.test(text))
  return (
    end.kind === 'backend' &&
    fallback !== undefined &&
    !fallback.text.includes(MISSING) &&
    steps.some(({ directive }) => directive === pass)
  )
}

/** True for a location of scripts by their suffix. */
function isOfScripts({ args }: NginxDirective): boolean {
  return args.some(({ value }) => /\\\.\(?php/.test(value))
}

/** What else makes two answers differ: the body of a `POST`, and the part of a file. */
function* withoutBodyOrPart(
  connection: NginxConnection,
  key: ReturnType<typeof effective>,
  value: string | undefined,
): Generator<RuleFinding> {
  const { server, block, pass } = connection
  if (!key.known || (value === undefined && !key.value.complete)) return
  const names = variableNames(value ?? '')
  if (!names.every(name => KNOWN.test(name))) return
  if (
    key.value.directives[0] !== undefined &&
    pass.name === 'fastcgi_pass' &&
    keepsEmptyPages(connection, names)
  )
    yield {
      at: argumentPlace(key.value.directives[0], 0),
      aspect: 'method',
      message: `\`${value}\` has no \`$request_method\`, so what PHP answers to \`HEAD\`, an empty page, is sent to everybody`,
      help: `Write \`fastcgi_cache_key "$request_method${value}";\``,
    }
  const written = value === undefined ? 'the key' : `\`${value}\``
  const { occurrences } = server.configuration
  const ofMethods = pass.name.replace('_pass', '_cache_methods')
  if (occurrences.has(ofMethods) && !names.includes('request_body')) {
    const methods = effective(server.configuration, block, ofMethods)
    const line = methods.known ? methods.value.directives.at(-1) : undefined
    const index = line?.args.findIndex(({ value: method }) => /^post$/i.test(method)) ?? -1
    if (line !== undefined && index !== -1)
      yield {
        at: argumentPlace(line, index),
        aspect: 'body',
        severity: 'error',
        message: `${written} has no \`$request_body\`, so a \`POST\` is answered with what another one got`,
        help: 'Add `$request_body` to the key, with a `client_body_buffer_size` that holds it, or leave `POST` out',
      }
  }
  if (occurrences.has('slice') && !names.includes('slice_range')) {
    const parts = effective(server.configuration, block, 'slice')
    const line = parts.known ? parts.value.directives.at(-1) : undefined
    if (line !== undefined && !/^0/.test(line.args[0]?.value ?? '0'))
      yield {
        at: argumentPlace(line, 0),
        aspect: 'part',
        severity: 'error',
        message: `${written} has no \`$slice_range\`, so the first part of a file is taken for each of them`,
        help: 'Add `$slice_range` to the key, and write `proxy_set_header Range $slice_range;`',
      }
  }
}

/** True where the answer to a `HEAD` is kept under the key of a `GET`. */
function keepsEmptyPages({ server, block, pass }: NginxConnection, names: readonly string[]): boolean {
  if (names.includes('request_method') || /cgi/i.test(pass.args[0]?.value ?? '')) return false
  const { configuration } = server
  const { occurrences } = configuration
  const params = effectiveAtHand(configuration, block, 'fastcgi_param')
  const isGet = (line: NginxDirective): boolean =>
    line.args[0]?.value === 'REQUEST_METHOD' && line.args[1]?.value !== '$request_method'
  if (params.known && params.value.directives.some(isGet)) return false
  // A question about the method may leave such requests out.
  const asks = (line: NginxDirective): boolean =>
    line.name === 'map'
      ? (line.args[0]?.value.includes('request_method') ?? false)
      : /\$\{?request_method\}?(?:!|.*HEAD)/.test(line.args.map(({ value }) => value).join(''))
  return !['if', 'map'].some(name => (occurrences.get(name) ?? []).some(asks))
}

const PATH = /^(?:uri|document_uri)$/
const QUERY = /^(?:request_uri|args|query_string|arg_\w+)$/
const SITE = /^(?:host|http_host|server_name|http_x_forwarded_host)$/
const KNOWN =
  /^(?:scheme|host|hostname|uri|document_uri|request_uri|args|query_string|is_args|arg_\w+|request_method|proxy_host|proxy_port|server_name|server_port|http_\w+|cookie_\w+|remote_user|https|request_body|slice_range|content_type)$/

/** What is the same for all pages of a site. */
const SAME_FOR_ALL =
  /^(?:scheme|host|hostname|http_host|https|request_method|proxy_host|proxy_port|server_name|server_port|is_args)$/

/** True for a key with a word of its own, by which its writer tells the site from others: `shop-$request_uri`. */
function hasOwnWord(value: string): boolean {
  return /[A-Za-z]\w/.test(value.replace(/\$(?:\{\w+\}|\w+)/g, ' '))
}

/** True for a key with a path that is written out, as for a list that is one page. */
function namesPage(value: string): boolean {
  return /\/\w/.test(value.replace(/\$(?:\{\w+\}|\w+)/g, ''))
}

/** True for a location of one URL, and for what has conditions of its own. */
function isOnePage({ block }: NginxConnection): boolean {
  if (block.name !== 'location') return block.name !== 'server'
  const { modifier, name } = readLocation(block)
  return modifier === '=' || (modifier.startsWith('~') && /^\^[\w/\\.-]+\$$/.test(name))
}

/** The line that turns on the cache of a pass. */
function cacheOf({ server, block, pass }: NginxConnection): NginxDirective | undefined {
  const cache = effectiveAtHand(server.configuration, block, pass.name.replace('_pass', '_cache'))
  return cache.known ? cache.value.directives[0] : undefined
}

function zoneOf(connection: NginxConnection): string | null {
  if (!/^(?:proxy|fastcgi|uwsgi|scgi)_pass$/.test(connection.pass.name)) return null
  const value = cacheOf(connection)?.args[0]?.value
  return value === undefined || value === 'off' || value.includes('$') ? null : value
}

/** The sites between which the backend may tell: one where it is asked for the same name whoever asks. */
function sitesOf({ server, pass, headers }: NginxConnection): readonly string[] {
  const target = pass.args[0]?.value ?? ''
  // A file above this one may say what the backend is asked for.
  if (pass.name === 'proxy_pass' && headers.open) return []
  if (pass.name === 'proxy_pass' && !target.includes('$')) {
    const written = headers.written.filter(({ state }) => state === 'set')
    const host = written.find(({ name }) => name === 'host')
    // `$server_name` is one name for all that a server answers to.
    if (!written.some(({ value }) => variableNames(value).some(name => NAMES_SITE.test(name))))
      return [
        `${host?.value ?? ''} ${target} ${isToldOfServer(written) ? (server.names[0]?.name ?? '') : ''}`,
      ]
  }
  const names = server.names.map(({ name }) => name.replace(/^www\./, ''))
  return names.filter(name => name !== '' && name !== '_')
}

function isToldOfServer(written: readonly { readonly value: string }[]): boolean {
  return written.some(({ value }) => variableNames(value).includes('server_name'))
}

/** Variables that are the host that a client asked for, and those that somebody else may have set to it. */
const NAMES_SITE =
  /^(?!(?:proxy_host|proxy_port|remote_\w+|scheme|proxy_add_\w+|server_name|server_port|http_upgrade)$)/

/**
 * True where the backend gets the path that is built here, and no query with it.
 * https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
 */
function dropsQuery({ pass }: NginxConnection): boolean {
  const [, path = ''] = /^https?:\/\/(?:\$\w+(?=\/)|[^/$]+)(.*)$/.exec(pass.args[0]?.value ?? '') ?? []
  return (
    pass.name === 'proxy_pass' && path.includes('$') && !variableNames(path).some(name => QUERY.test(name))
  )
}

/** True for a location of files by their suffixes, where a query says the release alone. */
function isOfFiles({ block }: NginxConnection): boolean {
  return (
    (block.args.some(({ value }) => /\\\.[(\w]/.test(value)) && !isOfScripts(block)) ||
    /\/\(?(?:\?:)?(?:static|assets|media|images?|uploads?|files?|thumb\w*)\b/.test(
      block.args.at(-1)?.value ?? '',
    )
  )
}
