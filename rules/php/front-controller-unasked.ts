import { posix } from 'node:path'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { applicationIn } from './_application-in.ts'
import { applicationOfImage } from './_application-of-image.ts'
import { phpPool } from './_examples.ts'
import { type MadeFile, madeFiles } from './_made-files.ts'
import { joomlaWithoutHtaccess } from './_joomla.ts'
import { scriptOf, sitesInDirectories } from './_multisite.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

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
const drupal = (location: string, composer: string): Record<string, string> => ({
  ...site(
    '/srv/museum/web',
    '$uri /index.php?$args',
    conf`
      location ~ ^/sites/.*/files/styles/ {
          try_files $uri /index.php?$args;
      }
      ${location}
    `,
  ),
  'srv/museum/web/index.php': conf`
    <?php
    use Drupal\Core\DrupalKernel;
    echo "page ", $_SERVER["REQUEST_URI"];
  `,
  'srv/museum/composer.json': `{ "require": { "drupal/core-recommended": "${composer}" } }\n`,
})
const magento = (location: string, lines = ''): Record<string, string> => ({
  ...site(
    '/srv/magento/pub',
    '$uri $uri/ /index.php$is_args$args',
    conf`
      error_page 404 403 = /errors/404.php;
      ${location}
    `,
  ),
  'srv/magento/pub/index.php': conf`
    <?php
    use Magento\Framework\App\Bootstrap;
    require __DIR__ . '/../app/bootstrap.php';
  `,
  'srv/magento/pub/static/frontend/styles.css': 'p {}\n',
  'srv/magento/app/etc/config.php': `<?php return [${lines}];\n`,
})
const FILES_ALONE = conf`
  location ~* «\.(?:css|js|png)$» {
      try_files $uri =404;
      expires max;
  }
`
const WORDPRESS = {
  'srv/blog/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/blog/wp-blog-header.php': '<?php\n',
  'srv/blog/wp-login.php': '<?php\n',
}

/** A WordPress whose sites are directories, or have names of their own. */
const multisite = (rules: string, lines: string, fallback = '=404'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/blog;
      index index.php;
      ${rules}
      location / {
          try_files $uri $uri/ /index.php?$args;
      }
      location ~ \.php$ {
          try_files $uri ${fallback};
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...WORDPRESS,
  'srv/blog/wp-config.php': conf`
    <?php
    define( 'MULTISITE', true );
    ${lines}
  `,
})

/** The same in containers, of which the image writes the configuration. */
const inContainers = (rules: string, extra: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - wordpress:/var/www/html
          - ./site.conf:/etc/nginx/conf.d/default.conf
      wordpress:
        image: wordpress:6.7-fpm
        environment:
          WORDPRESS_CONFIG_EXTRA: |
            define('MULTISITE', true);
            ${extra}
        volumes:
          - wordpress:/var/www/html
    volumes:
      wordpress:
  `,
  'site.conf': nginxServer(conf`
    root /var/www/html;
    index index.php;
    ${rules}
    location / {
        try_files $uri $uri/ /index.php?$args;
    }
    «location» ~ \.php$ {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass wordpress:9000;
    }
  `),
})

/** An image for PHP-FPM that shares its application with nginx. */
const sharedByImage = (image: string, fallback: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - html:/var/www/html:ro
          - ./site.conf:/etc/nginx/conf.d/default.conf
      app:
        image: ${image}
        ${lines}
        volumes:
          - html:/var/www/html
    volumes:
      html:
  `,
  'site.conf': nginxServer(conf`
    root /var/www/html;
    index index.php;
    location / {
        try_files $uri $uri/ ${fallback};
    }
    location ~ \.php$ {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass app:9000;
    }
  `),
})

const NETWORK_RULES = conf`
  RewriteEngine On
  RewriteBase /
  RewriteRule ^index\.php$ - [L]
  RewriteRule ^([_0-9a-zA-Z-]+/)?wp-admin$ $1wp-admin/ [R=301,L]
  RewriteCond %{REQUEST_FILENAME} -f [OR]
  RewriteCond %{REQUEST_FILENAME} -d
  RewriteRule ^ - [L]
  RewriteRule ^([_0-9a-zA-Z-]+/)?(wp-(content|admin|includes).*) $2 [L]
  RewriteRule ^([_0-9a-zA-Z-]+/)?(.*\.php)$ $2 [L]
  RewriteRule . index.php [L]
`
const IN_DIRECTORIES = "define( 'SUBDOMAIN_INSTALL', false );"

/** A WordPress below `/blog/` of a site of other pages. */
const inDirectory = (rules: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      DirectoryIndex index.html index.php
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      <FilesMatch "\.php$">
          SetHandler application/x-httpd-php
      </FilesMatch>
    `,
    ['mpm_prefork', 'authz_host', 'dir', 'mime', 'rewrite'],
  ),
  'srv/www/.htaccess': 'Options -Indexes\n',
  'srv/www/index.html': 'the company',
  'srv/www/blog/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/www/blog/wp-blog-header.php': '<?php\n',
  'srv/www/blog/wp-login.php': '<?php\n',
  'srv/www/blog/.htaccess': rules,
})
/** The same, and each script goes to a pool. */
const withFpm = (rules: string): Record<string, string> => {
  const files = inDirectory(rules)
  const main = 'etc/apache2/apache2.conf'
  const modules = ['proxy', 'proxy_fcgi'].map(
    name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  )
  return {
    ...files,
    [main]: (files[main] ?? '')
      .replace('application/x-httpd-php', '"proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"')
      .replace('LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so', modules.join('\n')),
    'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  }
}
/** A WordPress that has the site to itself, with these lines in its configuration. */
const wholeSite = (rules: string, lines: string): Record<string, string> => {
  const configured = Object.entries(withFpm('')).filter(([path]) => path.startsWith('etc/'))
  return {
    ...Object.fromEntries(configured),
    'etc/apache2/mime.types': 'text/css css\n',
    'srv/www/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
    'srv/www/wp-blog-header.php': '<?php\n',
    'srv/www/wp-login.php': '<?php echo "login";\n',
    'srv/www/wp-config.php': conf`
      <?php
      define( 'MULTISITE', true );
      ${lines}
    `,
    'srv/www/.htaccess': rules,
  }
}
const JOOMLA_RULES = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_URI} !^/index\.php
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule .* index.php [L]
`
const joomla = (value: string): Record<string, string> => {
  const main = 'etc/apache2/apache2.conf'
  return {
    [main]: inDirectory('')[main] ?? '',
    'srv/www/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
    'srv/www/htaccess.txt': JOOMLA_RULES,
    'srv/www/configuration.php': conf`
      <?php
      class JConfig {
          public $sef = true;
          public $sef_rewrite = ${value};
      }
    `,
  }
}
const blogRules = (base: string, target: string): string => conf`
  RewriteEngine On
  RewriteBase ${base}
  RewriteRule ^index\.php$ - [L]
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule . ${target} [L]
`
const wiki = (path: string): Record<string, string> => ({
  'srv/wiki/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/wiki/load.php': '<?php\n',
  'srv/wiki/LocalSettings.php': conf`
    <?php
    $wgScriptPath = "";
    $wgArticlePath = "${path}";
  `,
})
const NEXTCLOUD = {
  'srv/cloud/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/cloud/remote.php': '<?php\n',
  'srv/cloud/version.php': '<?php\n',
  'srv/cloud/config/config.php': "<?php $CONFIG = array('trusted_domains' => array('example.org'));\n",
}

export default defineRule({
  summary: 'Pages of an application are answered with 404, as nothing leads to its script',
  severity: 'error',
  otherSeverities: {
    warning:
      'for WordPress, which has addresses without a path too, for the addresses by which calendars find Nextcloud, and for pictures and scripts that are made when they are asked for',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Laravel, Symfony, Drupal, CodeIgniter, WordPress, and MediaWiki with short addresses, answer every page by `index.php`. Apache is told so by their `.htaccess`; nginx looks for a file of that name, finds none, and answers 404 to every page but the start page. A location for pictures and scripts does the same to those that Drupal (image styles, and since 10.1 joined style sheets and scripts), Livewire and LiipImagineBundle make when they are asked for, and to `/static/version…/` of Magento, which is no directory; and one for `/.well-known/` to `carddav` and `caldav` of Nextcloud.',
  remedy: 'Let the script answer what is no file: `try_files $uri $uri/ /index.php?$args;`',
  references: [
    'https://laravel.com/docs/deployment#nginx',
    'https://symfony.com/doc/current/setup/web_server_configuration.html#nginx',
    'https://developer.wordpress.org/advanced-administration/server/web-server/nginx/',
    'https://www.mediawiki.org/wiki/Manual:Short_URL',
    'https://docs.nextcloud.com/server/latest/admin_manual/issues/general_troubleshooting.html#service-discovery',
  ],
  bad: [
    {
      title: 'sites of WordPress that are directories',
      files: multisite('', "define( 'SUBDOMAIN_INSTALL', false );", '«=404»'),
    },
    {
      title: 'sites of WordPress that are directories, in containers',
      files: inContainers('', "define('SUBDOMAIN_INSTALL', false);"),
    },
    {
      title: 'sites of WordPress that are directories, with the rules of a single site',
      files: wholeSite(blogRules('/', '«/index.php»'), IN_DIRECTORIES),
    },
    { title: 'Laravel', files: { ...site('/srv/shop/public', '$uri $uri/ «=404»'), ...LARAVEL } },
    { title: 'WordPress', files: { ...site('/srv/blog', '$uri $uri/ «=404»'), ...WORDPRESS } },
    {
      title: 'WordPress of an image',
      files: sharedByImage('wordpress:6.7-php8.3-fpm-alpine', '«=404»'),
    },
    { title: 'Drupal of an image', files: sharedByImage('drupal:11-fpm', '«=404»') },
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
    {
      title: 'style sheets that Drupal joins at the first request',
      files: drupal(FILES_ALONE, '^10.2'),
    },
    {
      title: 'the directory in which Drupal makes them',
      files: drupal(
        conf`
          location ^~ «/sites/default/files/» {
              expires max;
          }
        `,
        '^11',
      ),
    },
    {
      title: 'addresses that Magento signs',
      files: magento(conf`
        location «/static/» {
            expires max;
            try_files $uri =404;
        }
      `),
    },
    {
      title: 'thumbnails of LiipImagineBundle',
      files: {
        ...site('/srv/app/public', '$uri /index.php$is_args$args', FILES_ALONE.replace('png', 'jpg')),
        'srv/app/bin/console': '#!/usr/bin/env php\n',
        'srv/app/config/bundles.php': '<?php return [];\n',
        'srv/app/public/index.php': '<?php\n',
        'srv/app/composer.json': '{ "require": { "liip/imagine-bundle": "^2.12" } }\n',
      },
    },
    {
      title: 'MediaWiki with short addresses',
      files: { ...site('/srv/wiki', '$uri $uri/ «=404»'), ...wiki('/wiki/$1') },
    },
    {
      title: 'the addresses by which calendars find Nextcloud',
      files: {
        ...site(
          '/srv/cloud',
          '$uri $uri/ /index.php$request_uri',
          conf`
            «location» ^~ /.well-known/ {
                location /.well-known/acme-challenge/ {
                    try_files $uri =404;
                }
                return 404;
            }
          `,
        ),
        ...NEXTCLOUD,
      },
    },
    {
      title: 'WordPress in a directory, with the rules of one that has a site to itself',
      files: inDirectory(blogRules('/', '«/index.php»')),
    },
    {
      title: 'WordPress in a directory, whose scripts FPM runs',
      files: withFpm(blogRules('/', '«/index.php»')),
    },
    {
      title: 'Joomla whose rules were never put into place',
      files: joomla('«true»'),
    },
    {
      title: 'WordPress in a directory of another application',
      files: {
        ...inDirectory(blogRules('/', '«/index.php»')),
        'srv/www/index.php': '<?php echo "another application";\n',
      },
    },
  ],
  good: [
    {
      title: 'sites of WordPress that are directories, with its rules',
      files: multisite(
        conf`
          if (!-e $request_filename) {
              rewrite ^(/[^/]+)?(/wp-.*) $2 last;
              rewrite ^(/[^/]+)?(/.*\.php)$ $2 last;
          }
        `,
        "define( 'SUBDOMAIN_INSTALL', false );",
      ),
    },
    {
      title: 'sites of WordPress that have names of their own',
      files: multisite('', "define( 'SUBDOMAIN_INSTALL', true );"),
    },
    {
      title: 'sites of WordPress that have names of their own, in containers',
      files: inContainers('', "define('SUBDOMAIN_INSTALL', true);"),
    },
    {
      title: 'sites of WordPress that are directories, in containers, with its rules',
      files: inContainers(
        conf`
          if (!-e $request_filename) {
              rewrite ^/[_0-9a-zA-Z-]+(/wp-.*) $1 last;
              rewrite ^/[_0-9a-zA-Z-]+(/.*\.php)$ $1 last;
          }
        `,
        "define('SUBDOMAIN_INSTALL', false);",
      ),
    },
    {
      title: 'sites of WordPress that are directories, with its rules for Apache',
      files: wholeSite(NETWORK_RULES, IN_DIRECTORIES),
    },
    {
      title: 'sites of WordPress that have names of their own, in Apache',
      files: wholeSite(blogRules('/', '/index.php'), "define( 'SUBDOMAIN_INSTALL', true );"),
    },
    {
      title: 'sites of WordPress below a directory, of which nobody knows',
      files: wholeSite(
        blogRules('/', '/index.php'),
        conf`
          ${IN_DIRECTORIES}
          define( 'PATH_CURRENT_SITE', '/blog/' );
        `,
      ),
    },
    { title: 'Joomla with `index.php` in its addresses', files: joomla('false') },
    {
      title: 'Joomla with its rules',
      files: { ...joomla('true'), 'srv/www/.htaccess': JOOMLA_RULES },
    },
    {
      title: 'WordPress in a directory, whose scripts FPM runs, with its path',
      files: withFpm(blogRules('/blog/', '/blog/index.php')),
    },
    {
      title: 'WordPress in a directory, which the document root loads',
      files: {
        ...inDirectory(blogRules('/', '/index.php')),
        'srv/www/index.php': '<?php require __DIR__ . "/blog/wp-blog-header.php";\n',
      },
    },
    { title: 'WordPress in a directory', files: inDirectory(blogRules('/blog/', '/blog/index.php')) },
    {
      title: 'WordPress in a directory, by a path of it',
      files: inDirectory(blogRules('/blog/', 'index.php')),
    },
    {
      title: 'MediaWiki whose short addresses lead to its script',
      files: {
        ...site(
          '/srv/wiki',
          '$uri $uri/ =404',
          conf`
            location /wiki/ {
                rewrite ^ /index.php last;
            }
          `,
        ),
        ...wiki('/wiki/$1'),
      },
    },
    {
      title: 'MediaWiki with the addresses that it has by itself',
      files: { ...site('/srv/wiki', '$uri $uri/ =404'), ...wiki('/index.php?title=$1') },
    },
    {
      title: 'the addresses of calendars, redirected',
      files: {
        ...site(
          '/srv/cloud',
          '$uri $uri/ /index.php$request_uri',
          conf`
            location ^~ /.well-known/ {
                location = /.well-known/carddav {
                    return 301 /remote.php/dav/;
                }
                return 301 /index.php$request_uri;
            }
          `,
        ),
        ...NEXTCLOUD,
      },
    },
    {
      title: 'Laravel, by its script',
      files: { ...site('/srv/shop/public', '$uri $uri/ /index.php?$args'), ...LARAVEL },
    },
    {
      title: 'WordPress of an image, by its script',
      files: sharedByImage('wordpress:fpm', '/index.php?$args'),
    },
    { title: 'an image of PHP alone', files: sharedByImage('php:8.3-fpm', '=404') },
    {
      title: 'an image of WordPress that is told of another directory',
      files: sharedByImage('wordpress:fpm', '=404', 'working_dir: /var/www/blog'),
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
      title: 'style sheets that Drupal joins, asked of it',
      files: drupal(FILES_ALONE.replace('=404', '/index.php?$args').replace(/[«»]/g, ''), '^10.2'),
    },
    {
      title: 'a Drupal that writes them into files before it names them, and one whose release nobody says',
      files: drupal(FILES_ALONE.replace(/[«»]/g, ''), '^9.5 || ^10'),
    },
    {
      title: 'the page of an error is that of Drupal',
      files: drupal(
        conf`
          error_page 404 /index.php;
          ${FILES_ALONE.replace(/[«»]/g, '')}
        `,
        '^10.3',
      ),
    },
    {
      title: 'Magento with the rules of its sample',
      files: magento(conf`
        location /static/ {
            expires max;
            location ~ ^/static/version\d*/ {
                rewrite ^/static/version\d*/(.*)$ /static/$1 last;
            }
            location ~* \.(?:css|js)$ {
                if (!-f $request_filename) {
                    rewrite ^/static/(version\d*/)?(.*)$ /static.php?resource=$2 last;
                }
            }
        }
      `),
    },
    {
      title: 'Magento with a rule of the whole server',
      files: magento(conf`
        rewrite ^/static/version\d+/(.*)$ /static/$1;
        location /static/ {
            try_files $uri =404;
        }
      `),
    },
    {
      title: 'Magento that signs no addresses',
      files: magento(
        conf`
          location /static/ {
              try_files $uri =404;
          }
        `,
        "'system' => ['default' => ['dev' => ['static' => ['sign' => '0']]]]",
      ),
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
    yield* inNginx(deployment)
    yield* sitesInDirectories(deployment)
    yield* inHtaccess(deployment)
    yield* joomlaWithoutHtaccess(deployment)
  },
})

function* inNginx(deployment: Deployment): Iterable<RuleFinding> {
  const { nginx, filesOf } = deployment
  for (const configuration of nginx) {
    if (!configuration.occurrences.has('fastcgi_pass')) continue
    const files = filesOf(configuration)
    for (const { root, home, server, path } of rootsOfSites(deployment, configuration)) {
      const application = applicationIn(files, path) ?? applicationOfImage(deployment, server, path)
      if (application !== null) yield* madeFilesLost(deployment, server, madeFiles(files, path, application))
      const page = application === null ? null : pageOf(files, path, application)
      const [request] = page === null ? [] : requestsToServer(deployment, server, page.target)
      if (request === undefined || application === null || page === null) continue
      const { steps, end } = probe(deployment, request)
      if (end.kind !== 'status' || end.by !== 'nginx') continue
      const isLost = end.status === 404 || (end.status === 403 && page.isFixed)
      if (!isLost) continue
      if (steps.some(({ text }) => text.includes('.php'))) continue
      const tried = steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
      const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
      const deciding = tried ?? location ?? home
      if (!('context' in deciding)) continue
      const isMeant = deciding.children.some(({ name }) => name === 'return')
      if (isMeant && !page.isFixed) continue
      yield {
        at: tried === undefined ? namePlace(deciding) : argumentPlace(deciding, deciding.args.length - 1),
        severity: page.severity,
        message: `${page.says}, and nginx answers ${end.status} to \`${page.shown}\` without asking it`,
        label: 'never leads to the script',
        related: [page.at ?? { at: argumentPlace(root, 0), message: 'where it lies' }],
        ...(page.help !== null && { help: page.help }),
      }
    }
  }
}

function* madeFilesLost(
  deployment: Deployment,
  server: NginxServer,
  candidates: readonly MadeFile[],
): Iterable<RuleFinding> {
  const seen = new Set<NginxDirective>()
  for (const made of candidates) {
    const location = takenBy(deployment, server, made)
    if (location === null || seen.has(location)) continue
    seen.add(location)
    yield {
      at: argumentPlace(location, location.args.length - 1),
      severity: 'warning',
      aspect: 'asset',
      message: `\`${made.shown}\` ${made.says}`,
      label: made.existing === null ? 'never leads to the script' : 'looks for a file of that name',
      help: made.help,
    }
  }
}

/** The rules of an application that lies in a directory of a site lead to a script that is not there. */
function* inHtaccess(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.apache) {
    const files = deployment.filesOf(configuration)
    for (const { file, directory, virtualHost, overrides } of htaccessFiles(configuration, files)) {
      const rules = file.occurrences.get('rewriterule') ?? []
      if (rules.length === 0 || !overrides.known || !overrides.value.reads) continue
      const application = applicationIn(files, directory.replace(/\/$/, ''))
      if (application === null) continue
      const host = { configuration, host: virtualHost }
      const root = documentRoot(host)
      const base = root.known ? `${fromBytes(root.value)}/` : null
      if (base === null || directory === base || !directory.startsWith(base)) continue
      const url = `/${directory.slice(base.length)}`
      const { steps, end } = askHost(deployment, host, `${url}${MISSING}/`)
      const script = scriptOf(end)
      const isOfAnother =
        application === 'WordPress' && script !== null && isOfOtherApplication(files, script, directory)
      const isLost =
        (end.kind === 'response' && end.status === 404) ||
        (script !== null && /\.php$/.test(script) && (isOfAnother || isOfOtherPages(files, script)))
      if (!isLost) continue
      const rule = rules.find(each => steps.some(({ directive }) => directive === each))
      const target = rule?.args[1]?.value
      if (rule === undefined || target === undefined || !target.endsWith('.php')) continue
      yield {
        at: argumentPlace(rule, 1),
        message: isOfAnother
          ? `\`${url}index.php\` of ${application} answers these pages, and \`${script}\` of another application is asked for them`
          : `no such script is there: \`${url}index.php\` of ${application} answers these pages, and Apache answers 404`,
        label: 'never leads to the script',
        help: `Write \`RewriteBase ${url}\`, and \`${url}index.php\` here`,
      }
    }
  }
}

/** True for a script above the directory of a WordPress that is there and does not load that WordPress. */
function isOfOtherApplication(files: FileSystem, script: string, directory: string): boolean {
  const source = script.startsWith(directory) ? null : sourceAt(files, script)
  return source !== null && !/wp-blog-header|wp-load/.test(source.text)
}

/** True for a script that is not there, in a directory whose start page is a file. */
function isOfOtherPages(files: FileSystem, script: string): boolean {
  const names = (files.list(posix.dirname(script)) ?? []).map(({ name }) => name)
  return names.some(name => /^index\.html?$/.test(name)) && !names.includes(posix.basename(script))
}

interface Page {
  readonly target: string
  /** As a message has it. */
  readonly shown: string
  readonly says: string
  /** True for one URL that clients ask by a standard, which a refusal of its like does not mean. */
  readonly isFixed: boolean
  readonly severity: 'error' | 'warning'
  readonly at: RelatedPlace | null
  readonly help: string | null
}

interface RelatedPlace {
  readonly at: Place
  readonly message: string
}

/** A page that an application answers where it is asked; null where nobody knows its URL. */
function pageOf(files: FileSystem, root: string, application: string): Page | null {
  if (application === 'MediaWiki') return articleOf(files, root)
  if (application === 'Nextcloud')
    return {
      target: '/.well-known/carddav',
      shown: '/.well-known/carddav',
      says: 'Calendars and contacts find Nextcloud by that URL',
      isFixed: true,
      severity: 'warning',
      at: null,
      help: 'Add `location = /.well-known/carddav { return 301 /remote.php/dav/; }`, and the same for `caldav`',
    }
  return {
    target: `/${MISSING}/`,
    shown: '/page/',
    says: `\`index.php\` of ${application} answers every page`,
    isFixed: false,
    severity: application === 'WordPress' ? 'warning' : 'error',
    at: null,
    help: null,
  }
}

function articleOf(files: FileSystem, root: string): Page | null {
  const source = sourceAt(files, posix.join(root, 'LocalSettings.php'))
  const setting = source === null ? null : phpSetting(source, '$wgArticlePath')
  if (typeof setting?.value !== 'string' || !/^\/[\w/-]*\$1$/.test(setting.value)) return null
  const prefix = setting.value.slice(0, -2)
  return {
    target: prefix + MISSING,
    shown: `${prefix}Page`,
    says: 'MediaWiki writes the addresses of its pages so',
    isFixed: false,
    severity: 'error',
    at: { at: setting.at, message: 'its own setting' },
    help: `Add \`location ${prefix} { try_files $uri /index.php?title=$uri&$args; }\`, or leave \`$wgArticlePath\` out`,
  }
}

/** The location that answers the URL of a made file with 404; null where something else does. */
function takenBy(deployment: Deployment, server: NginxServer, made: MadeFile): NginxDirective | null {
  const existing = made.existing === null ? {} : { existing: [made.existing] }
  const asked = askServer(deployment, server, made.target, existing)
  if (asked === null) return null
  // The page of an error is another answer than the one of the application.
  const error = asked.steps.findIndex(({ directive }) => directive?.name === 'error_page')
  const page = asked.steps[error]?.directive?.args.at(-1)?.value ?? null
  const isLost = page === null ? isNotFound(asked.end) : /^=?\/(?!index\.php|static\.php)/.test(page)
  const steps = error === -1 ? asked.steps : asked.steps.slice(0, error)
  if (!isLost || steps.some(({ text }) => text.includes('.php'))) return null
  const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
  if (location == null) return null
  if (location.children.some(({ name }) => /^(?:return|deny|rewrite|error_page)$/.test(name))) return null
  // What one for every page does is said of the pages.
  return readLocation(location).name === '/' ? null : location
}

function isNotFound(end: Outcome['end']): boolean {
  return end.kind === 'response' && end.status === 404
}
