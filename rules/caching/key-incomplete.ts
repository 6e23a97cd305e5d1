import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { nginxMain } from '../_examples.ts'
import { cachedSites, cacheOf } from './_cached-sites.ts'
import { behind, fastcgi, main, scripts, twoSites } from './_key-examples.ts'
import { isKnownVariable, withoutBodyOrPart } from './_key-of-body.ts'
import { isMeant, isOnePage, isWithoutQueryByIntent, lacksQuery, withoutPath } from './_key-of-page.ts'
import { passesOf, type ProxyHostKeyed, type SharedKey, sharedKeys } from './_shared-key.ts'

const keptBy = (name: string): string =>
  nginxMain(conf`
    uwsgi_cache_path /var/cache/nginx/pages keys_zone=pages:10m;
    server {
        listen 80;
        server_name ${name};
        location / {
            include uwsgi_params;
            uwsgi_pass django:9999;
            uwsgi_cache pages;
            uwsgi_cache_key $request_method$request_uri$http_x_api_key;
        }
    }
  `)

const ofBodies = (key: string, lines = ''): string =>
  main(key).replace('proxy_cache site;', `proxy_cache site;\nproxy_cache_methods GET HEAD POST;\n${lines}`)

export default defineRule({
  summary: 'The key of the cache is the same for different pages',
  severity: 'warning',
  otherSeverities: {
    error:
      'where pages of one site are sent to clients of another, where all pages of a site are one, and for requests that differ by their body or their part of a file',
    info: 'where the writer of the key seems to leave the query out on purpose, and where two names are passed on to one address, and nobody sees whether they are two sites',
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
      title: 'requests that are kept by their body, where that may be large',
      files: { 'nginx.conf': ofBodies('«"$scheme$host$request_uri|$request_body"»') },
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
      title: 'one page for all paths, as the comment says',
      files: {
        'nginx.conf': main('$scheme://$host').replace(
          'proxy_cache_key',
          '# generic pages share one answer\n          proxy_cache_key',
        ),
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
      title: 'two servers that call their zones alike',
      files: {
        'docker/nginx.conf': keptBy('shop.example.org'),
        'ansible/nginx.conf': keptBy('shop.example.net'),
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
                      client_max_body_size 16k;
                      slice 1m;
                      proxy_set_header Range $slice_range;
          `,
        ),
      },
    },
    {
      title: 'large bodies are left out of the cache',
      files: {
        'nginx.conf': ofBodies(
          '"$scheme$host$request_uri|$request_body"',
          conf`
            proxy_no_cache $request_body_file;
            proxy_cache_bypass $request_body_file;
          `,
        ),
      },
    },
    {
      title: 'bodies that all stay in memory',
      files: {
        'nginx.conf': ofBodies(
          '"$scheme$host$request_uri|$request_body"',
          conf`
            client_max_body_size 32k;
            client_body_buffer_size 32k;
            proxy_buffer_size 64k;
            proxy_buffers 4 64k;
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
    const byProxyHost: ProxyHostKeyed[] = []
    for (const cached of cachedSites(deployment)) {
      const { connection, isShared } = cached
      const { server, block, pass } = connection
      const key = effective(server.configuration, block, pass.name.replace('_pass', '_cache_key'))
      const line = key.known ? key.value.directives[0] : undefined
      const value = line?.args[0]?.value
      yield* withoutBodyOrPart(connection, key, value)
      if (line === undefined || value === undefined) {
        if (line !== undefined || !key.known || !key.value.complete) continue
        const cache = cacheOf(connection)
        if (cache === undefined) continue
        const at = namePlace(cache)
        if (pass.name === 'proxy_pass') byProxyHost.push({ ...cached, key: null, at })
        else if (!isOnePage(connection)) yield { at, ...withoutKey(cache) }
        continue
      }
      const names = variableNames(value)
      if (!names.every(isKnownVariable)) continue
      // The answer of a subrequest that checks who asks.
      if (block.children.some(({ name }) => name === 'internal') || names.includes('http_authorization'))
        continue
      const at = argumentPlace(line, 0)
      const onePage = withoutPath(deployment, connection, value)
      if (onePage !== null) {
        if (!isMeant(line)) yield { at, ...onePage }
        continue
      }
      if (lacksQuery(connection, names))
        yield {
          at,
          aspect: 'query',
          ...(isWithoutQueryByIntent(line, connection) && { severity: 'info' as const }),
          message: `\`${value}\` has no query, so \`/page?id=2\` is answered with \`/page?id=1\``,
        }
      if (names.some(name => SITE.test(name))) continue
      if (pass.name === 'proxy_pass' && names.includes('proxy_host'))
        byProxyHost.push({ ...cached, key: value, at })
      else if (names.length > 0 && isShared && !hasOwnWord(value))
        yield {
          at,
          aspect: 'site',
          severity: 'error',
          message: `\`${value}\` has no name of the site, so one site is answered with pages of another`,
        }
    }
    for (const shared of sharedKeys(deployment, byProxyHost.filter(keepsAllNames))) yield ofProxyHost(shared)
  },
})

const SITE = /^(?:host|http_host|server_name|http_x_forwarded_host)$/

function withoutKey({ name }: NginxDirective): Omit<RuleFinding, 'at'> {
  return {
    aspect: 'path',
    severity: 'error',
    message: `no \`${name}_key\` holds here, so every page is answered with the first that was kept`,
    help: `Write \`${name}_key $scheme$request_method$host$request_uri;\``,
  }
}

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

/** True for a key with a word of its own, by which its writer tells the site from others: `shop-$request_uri`. */
function hasOwnWord(value: string): boolean {
  return /[A-Za-z]\w/.test(value.replace(/\$(?:\{\w+\}|\w+)/g, ' '))
}
