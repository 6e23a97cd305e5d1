import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { htaccessFault } from '../../src/servers/apache/queries/htaccess-fault.ts'
import { apacheMain } from '../_examples.ts'

const main = (modules: readonly string[]): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
      AllowOverride All
      </Directory>
    `,
    modules,
  )

export default defineRule({
  summary: 'A .htaccess file that Apache rejects',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`apache2 -t` never looks at `.htaccess`. When a request comes and Apache stumbles over a line of it, it answers 500, in this directory and in all below it.',
  remedy: 'Correct the line, or load the module that knows it',
  references: ['https://httpd.apache.org/docs/2.4/howto/htaccess.html'],
  bad: [
    {
      title: 'a module that an image of PHP does not load',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY . /var/www/html
        `,
        '.htaccess': '«ExpiresActive» On\n',
        'index.php': '<?php',
      },
    },
    {
      title: 'the same, where a list of releases is copied before that nobody keeps',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          RUN a2enmod rewrite
          COPY composer.json composer.lock ./
          RUN composer install
          COPY . .
        `,
        'composer.json': '{}',
        '.htaccess': '«Header» set X-Frame-Options DENY\n',
        'index.php': '<?php',
      },
    },
    {
      title: 'a module that the image of Debian does not enable, behind a script that starts Apache',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y apache2 libapache2-mod-php
          RUN a2enmod rewrite
          COPY site.conf /etc/apache2/sites-enabled/000-default.conf
          COPY . /srv/shop
          COPY start /usr/local/bin/start
          CMD ["/usr/local/bin/start"]
        `,
        start: conf`
          #!/bin/sh
          set -e
          php /srv/shop/migrate.php
          . /etc/apache2/envvars
          exec apache2 -D FOREGROUND
        `,
        'site.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /srv/shop/public
              <Directory /srv/shop/public>
                  AllowOverride All
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
        'public/.htaccess': '«Header» set X-Frame-Options DENY\n',
        'public/index.php': '<?php',
      },
    },
    {
      title: 'a letter too many',
      files: {
        'etc/apache2/apache2.conf': main(['rewrite']),
        'srv/www/.htaccess': conf`«RewriteEnginee» On`,
      },
    },
    {
      title: 'a first letter that is lost, a blank that is missing, and a short name with its argument',
      files: {
        'srv/www/a/.htaccess': conf`«ewriteCond» %{HTTPS} off`,
        'srv/www/b/.htaccess': conf`«RewriteEngineOn»`,
        'srv/www/c/.htaccess': conf`«Requre» valid-user`,
      },
    },
    {
      title: 'a module that is not loaded',
      files: {
        'etc/apache2/apache2.conf': main([]),
        'srv/www/.htaccess': conf`«ExpiresActive» On`,
      },
    },
    {
      title: 'a blank between two flags',
      files: {
        'etc/apache2/apache2.conf': main(['rewrite']),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^old$ /new «[R=301,» L]
        `,
      },
    },
    {
      title: 'a dash that an editor changed',
      files: {
        'etc/apache2/apache2.conf': main([]),
        'srv/www/.htaccess': conf`Options «–Indexes»`,
      },
    },
    {
      title: 'a setting of PHP where no module runs it',
      files: {
        'etc/apache2/apache2.conf': main(['proxy', 'proxy_fcgi']),
        'srv/www/.htaccess': conf`
          <IfModule mod_php.c>
          php_value memory_limit 256M
          </IfModule>
          «php_value» upload_max_filesize 64M
        `,
      },
    },
    {
      title: 'a rule that begins with its pattern',
      files: {
        'srv/www/.htaccess': conf`
          RewriteEngine On
          «^calendar$» https://calendar.example.org/ [R=302,L]
        `,
      },
    },
    {
      title: 'a comment without its hash',
      files: {
        'srv/www/.htaccess': conf`
          «If» the client wants a page of the archive
          RewriteEngine On
        `,
        'srv/www/start/.htaccess': conf`
          RewriteEngine On
          «Rewrite» rule to serve the start page
        `,
      },
    },
    {
      title: 'a byte-order mark before the first line',
      files: { 'srv/www/.htaccess': conf`«\ufeffOptions» -Indexes` },
    },
  ],
  good: [
    {
      title: 'a script that enables modules, or has others do it, before it starts Apache',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY . .
          COPY start /usr/local/bin/start
          ENTRYPOINT ["/usr/local/bin/start"]
          CMD ["apache2-foreground"]
        `,
        start: conf`
          #!/bin/sh
          test -n "$HEADERS" && a2enmod headers
          exec "$@"
        `,
        '.htaccess': 'Header set X-Frame-Options DENY\n',
        'index.php': '<?php',
      },
    },
    {
      title: 'a name that no table has, of a module that may be loaded',
      files: {
        'srv/www/.htaccess': conf`
          HouseRule On
          House-Rule On
          Allows everything
        `,
      },
    },
    {
      title: 'a name that nobody knows, passed over on demand',
      files: {
        'etc/apache2/apache2.conf': main([]).replace(
          'AllowOverride All',
          'AllowOverride All Nonfatal=Unknown',
        ),
        'srv/www/.htaccess': conf`php_value upload_max_filesize 64M`,
      },
    },
    {
      title: 'all known',
      files: {
        'etc/apache2/apache2.conf': main(['rewrite']),
        'srv/www/.htaccess': conf`RewriteEngine On`,
      },
    },
    {
      title: 'where the module is, and not elsewhere',
      files: {
        'etc/apache2/apache2.conf': main([]),
        'srv/www/.htaccess': conf`
          <IfModule mod_expires.c>
          ExpiresActive On
          </IfModule>
        `,
      },
    },
    {
      title: 'a module that no table knows may know the line',
      files: {
        'etc/apache2/apache2.conf': conf`
          LoadModule house_module modules/mod_house.so
          ${main([])}
        `,
        'srv/www/.htaccess': conf`HouseRule On`,
      },
    },
    {
      title: 'httpd 2.2, in which other modules own the lines',
      files: {
        'etc/apache2/apache2.conf': main(['authz_host', 'authz_default']),
        'srv/www/.htaccess': conf`
          Order deny,allow
          Options All -Indexes
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const { file, overrides } of htaccessFiles(configuration, files)) {
        // Where nothing may be overridden the file is not read.
        if (!overrides.known || !overrides.value.reads || file.source.template) continue
        const fault = htaccessFault(configuration, files, file, overrides.value)
        if (fault === null) continue
        yield {
          at: fault.at,
          message: `${fault.message}, so Apache answers every request below this directory with 500`,
          ...(fault.help === undefined ? {} : { help: fault.help }),
        }
      }
    }
  },
})
