import { debianApache } from '../../src/deployment/containers/debian-apache/debian-apache.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'

const VARIABLE = 'APACHE_DOCUMENT_ROOT'

const tree = (lines: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM php:8.3-apache
    ${lines}
    COPY . /var/www/html
  `,
  'public/index.php': '<?php\n',
})
const compose = (environment: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports: ["80:80"]
        ${environment}
  `,
})
const site = (root: string): string => conf`
  <VirtualHost *:80>
      DocumentRoot ${root}
  </VirtualHost>
`

export default defineRule({
  summary: 'A document root is set by a variable that no file of Apache reads',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The document root of `php:…-apache` is `/var/www/html`, and nothing in the image reads a variable `APACHE_DOCUMENT_ROOT`: the one of its documentation is filled in by two `sed` of the example there. Without them the whole project is served, `.env` included, and no page of the application is found.',
  remedy: 'Change the document root in the files of Apache, as the documentation of the image does',
  references: [
    'https://github.com/docker-library/docs/blob/master/php/README.md#changing-documentroot-or-other-apache-configuration',
  ],
  unproven: 'The live tests start no containers: what is in an image, no loopback shows',
  bad: [
    {
      title: 'of the Dockerfile',
      files: tree('RUN a2enmod rewrite headers\nENV «APACHE_DOCUMENT_ROOT=/var/www/html/public»'),
    },
    {
      title: 'of the compose file',
      files: {
        ...compose('environment:\n  «APACHE_DOCUMENT_ROOT: /var/www/html/public»'),
        ...tree('RUN a2enmod rewrite'),
      },
    },
    {
      title: 'a virtual host of one’s own with another root',
      files: {
        ...tree(
          'ENV «APACHE_DOCUMENT_ROOT=/var/www/html/public»\nCOPY site.conf /etc/apache2/sites-available/000-default.conf',
        ),
        'site.conf': site('/var/www/html'),
      },
    },
  ],
  good: [
    {
      title: 'filled in as the documentation of the image does it',
      files: tree(conf`
        ENV APACHE_DOCUMENT_ROOT=/var/www/html/public
        RUN sed -ri -e 's!/var/www/html!\${APACHE_DOCUMENT_ROOT}!g' /etc/apache2/sites-available/*.conf
        RUN sed -ri -e 's!/var/www/!\${APACHE_DOCUMENT_ROOT}!g' /etc/apache2/apache2.conf /etc/apache2/conf-available/*.conf
      `),
    },
    {
      title: 'filled in while the image is built',
      files: tree(conf`
        ENV APACHE_DOCUMENT_ROOT=/var/www/html/public
        RUN sed -i "s!/var/www/html!$APACHE_DOCUMENT_ROOT!" /etc/apache2/sites-available/000-default.conf
      `),
    },
    {
      title: 'a virtual host that reads it',
      files: {
        ...tree(
          'ENV APACHE_DOCUMENT_ROOT=/var/www/html/public\nCOPY site.conf /etc/apache2/sites-available/000-default.conf',
        ),
        'site.conf': site('\\${APACHE_DOCUMENT_ROOT}').replace('\\', ''),
      },
    },
    {
      title: 'the root that the image has',
      files: tree('ENV APACHE_DOCUMENT_ROOT=/var/www/html'),
    },
    {
      title: 'a virtual host with the same root',
      files: {
        ...tree(
          'ENV APACHE_DOCUMENT_ROOT=/var/www/html/public\nCOPY site.conf /etc/apache2/sites-available/000-default.conf',
        ),
        'site.conf': site('/var/www/html/public'),
      },
    },
    {
      title: 'a script that may read it',
      files: tree('ENV APACHE_DOCUMENT_ROOT=/var/www/html/public\nCOPY setup.sh /setup.sh\nRUN /setup.sh'),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const apache = container === null ? null : debianApache(container)
      if (container === null || apache === null) continue
      const variable = [
        ...(container.image?.environment ?? []),
        ...serviceVariables(container.service, container.hostFiles).variables,
      ].findLast(({ name }) => name === VARIABLE)
      const root = variable?.value?.known === true ? variable.value.value.replace(/\/+$/, '') : null
      if (variable === undefined || root === null) continue
      const isRead = apache.included.some(path => {
        const text = sourceAt(apache.files, path)?.code ?? ''
        // What a step of the build filled in is there as it was then.
        return text.includes(VARIABLE) || text.includes(root)
      })
      if (isRead || root === '/var/www/html') continue
      yield {
        at: variable.at,
        message: `nothing in \`${container.reference}\` reads \`${VARIABLE}\`: the document root is another one`,
        label: 'read by nothing',
        help: `Add \`RUN sed -ri -e 's!/var/www/html!\${${VARIABLE}}!g' /etc/apache2/sites-available/*.conf\``,
      }
    }
  },
})
