import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ClientRequest } from '../../src/deployment/requests/answer.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { PROJECT_FILES } from '../_php-projects.ts'
import { phpPool } from './_examples.ts'

const site = (root: string, fallback: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root ${root};
      index index.php;
      location / {
          try_files ${fallback};
      }
      ${lines}
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const LARAVEL = {
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
}
const WORDPRESS = {
  'srv/blog/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/blog/wp-blog-header.php': '<?php\n',
  'srv/blog/wp-login.php': '<?php\n',
}

export default defineRule({
  summary: 'Pages of an application are answered with 404, as nothing leads to its script',
  severity: 'error',
  otherSeverities: {
    warning:
      'for WordPress, which has addresses without a path too, and for pictures and scripts that are made when they are asked for',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Laravel, Symfony, Drupal, CodeIgniter and WordPress answer every page by `index.php`. Apache is told so by their `.htaccess`; nginx looks for a file of that name, finds none, and answers 404 to every page but the start page. A location for pictures and scripts does the same to those that Drupal (image styles) and Livewire make when they are asked for.',
  remedy: 'Let the script answer what is no file: `try_files $uri $uri/ /index.php?$args;`',
  references: [
    'https://laravel.com/docs/deployment#nginx',
    'https://symfony.com/doc/current/setup/web_server_configuration.html#nginx',
    'https://developer.wordpress.org/advanced-administration/server/web-server/nginx/',
  ],
  bad: [
    { title: 'Laravel', files: { ...site('/srv/shop/public', '$uri $uri/ «=404»'), ...LARAVEL } },
    { title: 'WordPress', files: { ...site('/srv/blog', '$uri $uri/ «=404»'), ...WORDPRESS } },
    {
      title: 'a script that Livewire makes',
      files: {
        ...site(
          '/srv/shop/public',
          '$uri $uri/ /index.php?$args',
          conf`
            location ~* «\.(?:css|js)$» {
                expires 30d;
            }
          `,
        ),
        ...LARAVEL,
        'srv/shop/composer.json':
          '{ "require": { "laravel/framework": "^11", "livewire/livewire": "^3" } }\n',
      },
    },
  ],
  good: [
    {
      title: 'Laravel, by its script',
      files: { ...site('/srv/shop/public', '$uri $uri/ /index.php?$args'), ...LARAVEL },
    },
    {
      title: 'WordPress, by its script',
      files: { ...site('/srv/blog', '$uri $uri/ /index.php?$args'), ...WORDPRESS },
    },
    {
      title: 'scripts that are asked for by name',
      files: { ...site('/srv/tools', '$uri $uri/ =404'), 'srv/tools/index.php': '<?php\n' },
    },
    {
      title: 'a location for the pages',
      files: {
        ...site('/srv/shop/public', '$uri =404', 'error_page 404 /index.php;'),
        ...LARAVEL,
      },
    },
    {
      title: 'a script that Livewire makes, asked of it',
      files: {
        ...site(
          '/srv/shop/public',
          '$uri $uri/ /index.php?$args',
          conf`
            location ~* \.(?:css|js)$ {
                expires 30d;
                try_files $uri /index.php?$args;
            }
          `,
        ),
        ...LARAVEL,
        'srv/shop/composer.json':
          '{ "require": { "laravel/framework": "^11", "livewire/livewire": "^3" } }\n',
      },
    },
    {
      title: 'pictures alone, of an application that makes scripts',
      files: {
        ...site(
          '/srv/shop/public',
          '$uri $uri/ /index.php?$args',
          conf`
            location ~* \.(?:png|jpe?g)$ {
                expires 30d;
            }
          `,
        ),
        ...LARAVEL,
        'srv/shop/composer.json':
          '{ "require": { "laravel/framework": "^11", "livewire/livewire": "^3" } }\n',
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers, filesOf } = deployment
    for (const configuration of nginx) {
      if (!configuration.occurrences.has('fastcgi_pass')) continue
      const files = filesOf(configuration)
      const byDirective = serverIndex(servers)
      for (const root of configuration.occurrences.get('root') ?? []) {
        const home = root.parent === null ? null : enclosingServer(root)
        const directory = root.args[0]?.value ?? ''
        // A root of one location, but of `/`, is a part of the site.
        if (home === null || isComputed(directory) || !directory.startsWith('/')) continue
        if (root.parent !== home && root.parent?.args.at(-1)?.value !== '/') continue
        const server = byDirective.get(home)
        const path = posix.normalize(directory).replace(/\/$/, '')
        const application = applicationIn(files, path)
        const [request] =
          server === undefined || application === null
            ? []
            : requestsToServer(deployment, server, `/${MISSING}/`)
        if (request === undefined || application === null) continue
        const asset = assetOf(files, path, application)
        const taking = asset === null ? null : takenBy(deployment, { ...request, target: asset })
        if (asset !== null && taking !== null)
          yield {
            at: argumentPlace(taking, taking.args.length - 1),
            severity: 'warning',
            aspect: 'asset',
            message: `\`${asset.replace(MISSING, application === 'Drupal' ? 'picture' : 'livewire')}\` is made by ${application} when it is asked for, and this location looks for a file alone`,
            label: 'never leads to the script',
            help: 'Add `try_files $uri /index.php?$args;` to this location',
          }
        const { steps, end } = probe(deployment, request)
        if (end.kind !== 'status' || end.status !== 404 || end.by !== 'nginx') continue
        if (steps.some(({ text }) => text.includes('.php'))) continue
        const tried = steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
        const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
        const deciding = tried ?? location ?? home
        if (!('context' in deciding) || deciding.children.some(({ name }) => name === 'return')) continue
        yield {
          at: tried === undefined ? namePlace(deciding) : argumentPlace(deciding, deciding.args.length - 1),
          severity: application === 'WordPress' ? 'warning' : 'error',
          message: `\`index.php\` of ${application} answers every page, and nginx answers 404 to \`/page/\` without asking it`,
          label: 'never leads to the script',
          related: [{ at: argumentPlace(root, 0), message: 'where it lies' }],
        }
      }
    }
  },
})

/** The URL of a picture or script that an application makes by its script; null for none. */
function assetOf(files: FileSystem, root: string, application: string): string | null {
  if (application === 'Drupal') return `/sites/default/files/styles/large/public/${MISSING}.jpg`
  const isPublished = ['vendor/livewire', 'livewire'].some(
    each => files.kind(posix.join(root, each)) !== null,
  )
  if (application !== 'Laravel' || isPublished) return null
  const composer = files.read(posix.join(root, '../composer.json'))
  const usesLivewire = composer.kind === 'source' && composer.source.text.includes('"livewire/livewire"')
  return usesLivewire ? `/livewire/${MISSING}.js` : null
}

/** The regular expression that answers a URL with 404; null where something else does. */
function takenBy(deployment: Deployment, request: ClientRequest): NginxDirective | null {
  const { steps, end } = probe(deployment, request)
  if (end.kind !== 'status' || end.status !== 404 || end.by !== 'nginx') return null
  const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
  if (location == null || !('context' in location) || steps.some(({ text }) => text.includes('.php')))
    return null
  if (location.children.some(({ name }) => /^(?:return|deny|rewrite|error_page)$/.test(name))) return null
  return readLocation(location).modifier.startsWith('~') ? location : null
}

/** The application whose script in a directory answers every page; null where there is none, or nobody knows. */
const applicationIn = memoByKey((files: FileSystem, root: string): string | null => {
  const has = (path: string): boolean => files.kind(posix.join(root, path)) === 'file'
  if (!has('index.php')) return null
  if (has('wp-blog-header.php') && has('wp-login.php')) return 'WordPress'
  if (has('core/lib/Drupal.php')) return 'Drupal'
  if (has(`../${PROJECT_FILES.Laravel}`)) return 'Laravel'
  if (has(`../${PROJECT_FILES.CodeIgniter}`)) return 'CodeIgniter'
  return has(`../${PROJECT_FILES.Symfony}`) && has('../config/bundles.php') ? 'Symfony' : null
})
