import { posix } from 'node:path'
import { placeText } from '../../parsers/text/source.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { imagePlace } from '../../src/deployment/image-place.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type ApacheConfiguration, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { phpPool } from './_examples.ts'
import { type Project, projectIn } from './_public-directory.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

const LARAVEL = {
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/composer.json': '{"require": {"laravel/framework": "^11.0"}}\n',
  'srv/shop/public/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
}
const site = (root: string, fallback = '/index.php?$args', lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root ${root};
      index index.php;
      ${lines}
      location / {
          try_files $uri $uri/ ${fallback};
      }
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...LARAVEL,
})
const apache = (root: string, more: Record<string, string> = {}): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so
      Listen 80
      ServerName example.org
      DocumentRoot ${root}
      DirectoryIndex index.php
      <Directory /srv/shop>
          AllowOverride All
          Require all granted
      </Directory>
    `,
    ['mpm_prefork', 'authz_host', 'dir', 'mime', 'rewrite'],
  ),
  ...LARAVEL,
  ...more,
})

const image = (from: string, lines: string): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(LARAVEL).map(([path, text]) => [path.replace('srv/shop/', ''), text])),
  Dockerfile: conf`
    ${from}
    ${lines}
  `,
  'public/.htaccess': 'RewriteEngine Off\n',
})
const VHOST = conf`
  RUN a2enmod rewrite
  COPY site.conf /etc/apache2/sites-available/000-default.conf
  WORKDIR /var/www/html
  COPY . .
`
const imageSite = (root: string): string => conf`
  <VirtualHost *:80>
      DocumentRoot ${root}
  </VirtualHost>
`

export default defineRule({
  summary: 'The root of a site is the project, and not its public directory',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [552],
  since: '0.1.0',
  why: 'Laravel, Symfony, CodeIgniter 4 and their like keep what clients may see in one directory of the project, with the script that answers every page. With the root one level above, the start page is a 403 or a 404, and `composer.json`, logs and backups are served to whoever asks for them.',
  remedy: 'Lead the root into the public directory: `root /srv/shop/public;`',
  references: [
    'https://laravel.com/docs/deployment#nginx',
    'https://symfony.com/doc/current/setup/web_server_configuration.html',
    'https://codeigniter.com/user_guide/installation/running.html',
  ],
  bad: [
    { title: 'Laravel', files: site('«/srv/shop»') },
    { title: 'a slash at its end', files: site('«/srv/shop/»') },
    { title: 'Laravel in Apache', files: apache('«/srv/shop»') },
    {
      title: 'the document root of the image, which has the whole project',
      files: image('«FROM» php:8.3-apache', 'COPY . /var/www/html'),
    },
    {
      title: 'a project of which its list of packages says what it is',
      files: {
        Dockerfile: '«FROM» php:8.3-apache\nRUN a2enmod rewrite\nCOPY . /var/www/html\n',
        'composer.json': '{"require": {"symfony/framework-bundle": "7.1.*"}}\n',
        'public/index.php': '<?php echo "page";\n',
        'public/.htaccess': 'FallbackResource /index.php\n',
      },
    },
    {
      title: 'a virtual host of the image that names the project',
      files: {
        ...image('FROM php:8.3-apache', VHOST),
        'site.conf': imageSite('«/var/www/html»'),
      },
    },
  ],
  good: [
    {
      title: 'a virtual host of the image that names the public directory',
      files: { ...image('FROM php:8.3-apache', VHOST), 'site.conf': imageSite('/var/www/html/public') },
    },
    {
      title: 'the public directory alone in the document root of the image',
      files: image('FROM php:8.3-apache', 'COPY public /var/www/html'),
    },
    {
      title: 'a list of packages beside the script of all pages',
      files: {
        Dockerfile: 'FROM php:8.3-apache\nCOPY . /var/www/html\n',
        'composer.json': '{"require": {"slim/slim": "^4.0"}}\n',
        'index.php': '<?php require "public/index.php";\n',
        'public/index.php': '<?php echo "page";\n',
        'public/.htaccess': 'FallbackResource /index.php\n',
      },
    },
    {
      title: 'a list of packages beside the script of all pages',
      files: {
        Dockerfile: 'FROM php:8.3-apache\nCOPY . /var/www/html\n',
        'composer.json': '{"require": {"slim/slim": "^4.0"}}\n',
        'index.php': '<?php require "public/index.php";\n',
        'public/index.php': '<?php echo "page";\n',
        'public/.htaccess': 'FallbackResource /index.php\n',
      },
    },
    {
      title: 'the document root of the image is changed',
      files: image(
        'FROM php:8.3-apache',
        'COPY . /var/www/html\nRUN sed -i "s!/var/www/html!/var/www/html/public!g" /etc/apache2/sites-available/*.conf',
      ),
    },
    {
      title: 'a .htaccess that leads to the public directory',
      files: {
        ...image('FROM php:8.3-apache', 'RUN a2enmod rewrite\nCOPY . /var/www/html'),
        '.htaccess': 'RewriteEngine On\nRewriteRule ^(.*)$ public/$1 [L]\n',
      },
    },
    { title: 'the public directory', files: site('/srv/shop/public') },
    { title: 'the public directory in Apache', files: apache('/srv/shop/public') },
    {
      title: 'a location that leads there',
      files: site('/srv/shop', '=404', 'location = / { rewrite ^ /public/index.php; }'),
    },
    {
      title: 'a `.htaccess` that leads there',
      files: apache('/srv/shop', {
        'srv/shop/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)$ public/$1 [L]
        `,
      }),
    },
    {
      title: 'a script beside it',
      files: { ...site('/srv/shop'), 'srv/shop/index.php': '<?php require __DIR__."/public/index.php";\n' },
    },
  ],
  *check(deployment) {
    yield* inNginx(deployment)
    yield* inApache(deployment)
  },
})

function* inNginx(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.nginx) {
    if (!configuration.occurrences.has('fastcgi_pass')) continue
    for (const { root, home, server, path } of rootsOfSites(deployment, configuration)) {
      if (root.parent !== home) continue
      const project = projectIn(deployment.filesOf(configuration), path)
      if (project === null || isNamed(home, project.directory)) continue
      const [request] = requestsToServer(deployment, server, '/')
      if (request === undefined) continue
      const { end } = probe(deployment, request)
      const isLost =
        end.kind === 'status'
          ? end.by === 'nginx' && (end.status === 403 || end.status === 404)
          : isOwnScript(end.kind === 'backend' ? end.script : end.kind === 'file' ? end.path : null, path)
      if (!isLost) continue
      const served = ['/composer.json', `/${project.marker}`].find(target => {
        const answer = probe(deployment, { ...request, target }).end
        return answer.kind === 'file' && answer.exists === true && answer.status === 200
      })
      yield finding(argumentPlace(root, 0), root.args[0]?.value ?? '', project, served)
    }
  }
}

function* inApache(deployment: Deployment): Iterable<RuleFinding> {
  if (!deployment.apache.some(runsPhp)) return
  for (const asked of askedHosts(deployment)) {
    if (!runsPhp(asked.configuration)) continue
    const root = documentRoot(asked)
    if (!root.known || root.at === null) continue
    const path = fromBytes(root.value)
    const project = projectIn(deployment.filesOf(asked.configuration), path)
    if (project === null) continue
    const { end } = askHost(deployment, asked, '/')
    const isLost =
      end.kind === 'response'
        ? end.status === 403 || end.status === 404
        : isOwnScript(end.kind === 'handler' || end.kind === 'file' ? end.path : null, path)
    const isServed = (target: string): boolean => {
      const answer = askHost(deployment, asked, target).end
      return answer.kind === 'file' && answer.exists === true && answer.status === 200
    }
    // The passwords in it are the worse half, and `apache/private-files-served` names the same line for them.
    if (!isLost || isServed('/.env')) continue
    const served = ['/composer.json', `/${project.marker}`].find(isServed)
    const at = isStandIn(root.at.source) ? imagePlace(deployment, asked.configuration) : root.at
    if (at !== null) yield finding(at, placeText(root.at), project, served)
  }
}

/** By its module, or by FPM. */
function runsPhp(configuration: ApacheConfiguration): boolean {
  return loadsPhp(configuration) || configuration.modules.has('proxy_fcgi_module')
}

/** True for a start page of the root itself, where none lies: its public directory has one. */
function isOwnScript(path: string | null, root: string): boolean {
  return path !== null && (path === root || posix.dirname(path) === root)
}

function finding(at: Place, written: string, project: Project, served: string | undefined): RuleFinding {
  const also = served === undefined ? '' : `, and \`${served}\` is served`
  return {
    at,
    message: `this is the project of ${project.name}, whose pages \`${project.directory}/index.php\` makes: \`/\` is answered with an error${also}`,
    label: `not its \`${project.directory}\``,
    ...(placeText(at) === written &&
      propose(`Serve \`${project.directory}\``, 'unsafe', [
        insertAfter(at, `${written.endsWith('/') ? '' : '/'}${project.directory}`),
      ])),
  }
}

/** A line of the server that names the public directory may lead there. */
function isNamed(server: NginxDirective, directory: string): boolean {
  return server.children.some(
    child => child.args.some(({ value }) => value.includes(directory)) || isNamed(child, directory),
  )
}
