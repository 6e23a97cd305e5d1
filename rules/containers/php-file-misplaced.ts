import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type RunImage, runImages } from './_images.ts'

const compose = (mount: string, image = 'image: php:8.3-fpm'): string => conf`
  services:
    web:
      image: nginx:1.27
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        - ./src:/var/www/html
    app:
      ${image}
      volumes:
        - ./src:/var/www/html
        - ${mount}
`
const FILES = {
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass app:9000;
        }
    }
  `,
  'src/index.php': '<?php',
  'php.ini': conf`
    upload_max_filesize = 64M
    post_max_size = 64M
  `,
  'pool.conf': conf`
    [www]
    pm = dynamic
    pm.max_children = 50
    pm.start_servers = 2
    pm.min_spare_servers = 1
    pm.max_spare_servers = 3
  `,
}
const tree = (mount: string, image?: string): Record<string, string> => ({
  ...FILES,
  'docker-compose.yml': compose(mount, image),
})

export default defineRule({
  summary: 'A setting of PHP stands in the container where its PHP does not look',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of PHP are not Debian’s packages: they read `/usr/local/etc/php/php.ini`, every file that ends in `.ini` in `/usr/local/etc/php/conf.d/`, and of PHP-FPM every one that ends in `.conf` in `/usr/local/etc/php-fpm.d/`. Of a file elsewhere nothing is said, and everything stays as it was: uploads end at 2M.',
  remedy:
    'Mount settings of PHP at `/usr/local/etc/php/conf.d/NAME.ini`, and pools at `/usr/local/etc/php-fpm.d/NAME.conf`',
  references: [
    'https://github.com/docker-library/docs/blob/master/php/README.md#configuration',
    'https://www.php.net/manual/en/configuration.file.php',
  ],
  unproven: 'The live tests start no containers, and the image says where its PHP looks',
  bad: [
    {
      title: 'the directory of Debian’s packages',
      files: tree('«./php.ini:/etc/php/8.3/fpm/conf.d/app.ini»'),
    },
    { title: 'a pool there', files: tree('«./pool.conf:/etc/php/8.3/fpm/pool.d/www.conf»') },
    { title: 'another ending', files: tree('«./php.ini:/usr/local/etc/php/conf.d/uploads.conf»') },
    { title: 'beside the main file', files: tree('«./php.ini:/usr/local/etc/php/uploads.ini»') },
    {
      title: 'in a Dockerfile',
      files: {
        ...tree('./src:/srv', 'build: .'),
        Dockerfile: conf`
          FROM wordpress:6-php8.2-fpm
          «COPY» php.ini /usr/local/lib/php.ini
        `,
      },
    },
  ],
  good: [
    { title: 'where PHP looks', files: tree('./php.ini:/usr/local/etc/php/conf.d/app.ini') },
    { title: 'the main file', files: tree('./php.ini:/usr/local/etc/php/php.ini') },
    { title: 'a pool', files: tree('./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf') },
    {
      title: 'another image',
      files: tree('./php.ini:/etc/php/8.3/fpm/conf.d/app.ini', 'image: example/php:8.3'),
    },
    {
      title: 'packages of Debian in it, or a line that names the file',
      files: {
        ...tree('./php.ini:/etc/php/8.2/cli/conf.d/app.ini', 'build: .'),
        Dockerfile: conf`
          FROM php:8.2-fpm
          RUN apt-get update && apt-get install -y php8.2-cli
        `,
      },
    },
    {
      title: 'a directory that a variable names',
      files: tree(
        './php.ini:/etc/php/app.ini',
        conf`
          image: php:8.3-fpm
              environment:
                PHP_INI_SCAN_DIR: /etc/php
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      if (!OF_PHP.test(run.base ?? '') || run.fault !== null || run.command === undefined) continue
      const told = toldIn(run)
      // Some line says where PHP looks, or brings another one.
      if (
        /PHP_INI_SCAN_DIR|PHPRC|\bphp[\w.]*\s+-c\b|php-fpm\S*\s+(?:\S+\s+)*(?:-[yc]|--fpm-config|--php-ini)\b/.test(
          told,
        )
      )
        continue
      for (const { target, path, at } of run.mounts) {
        if (path === null || run.files.kind(path) !== 'file') continue
        const home = misplaced(target)
        if (home === null || told.includes(posix.basename(target)) || told.includes(posix.dirname(target)))
          continue
        if (target.startsWith('/etc/') && /(?:apt(?:-get)?|apk|aptitude)\b[^;&|]*\bphp\d/.test(told)) continue
        yield {
          at,
          message: `the PHP of \`${run.reference ?? run.base}\` does not read \`${target}\`, so nothing of it holds`,
          label: 'not read',
          help: `Place it at \`${home}\``,
        }
      }
    }
  },
})

const OF_PHP = /^(?:php|wordpress|nextcloud|drupal|joomla|matomo)$/

/** Every text that may name a path of the container. */
function toldIn({ image, command, machine }: RunImage): string {
  const { service } = machine.container ?? {}
  return [
    ...(image?.steps ?? []).flatMap(step => ('command' in step ? [commandText(step.command)] : [])),
    ...(command?.words ?? []),
    ...[...(image?.environment ?? []), ...givenVariables(service)].map(
      ({ name, value }) => `${name}=${value?.known === true ? value.value : ''}`,
    ),
  ].join('\n')
}

/** Where a file belongs that stands where no PHP of these images looks; null for one that is read, or is none of PHP’s. */
function misplaced(target: string): string | null {
  const name = posix.basename(target)
  const directory = posix.dirname(target)
  if (
    /^\/etc\/php(?:\/?\d[\w.]*)?\/(?:(?:fpm|cli|apache2|mods-available|conf\.d)\/)*[\w.-]+\.ini$/.test(target)
  )
    return name === 'php.ini' ? '/usr/local/etc/php/php.ini' : `/usr/local/etc/php/conf.d/${name}`
  if (
    /^\/etc\/php(?:\/?\d[\w.]*)?\/(?:fpm\/)?(?:pool|php-fpm|fpm)\.d\/[\w.-]+\.conf$|^\/etc\/php-fpm\.d\/[\w.-]+\.conf$/.test(
      target,
    )
  )
    return `/usr/local/etc/php-fpm.d/${name}`
  if (target === '/etc/php.ini' || target === '/usr/local/lib/php.ini') return '/usr/local/etc/php/php.ini'
  if (directory === '/usr/local/etc/php/conf.d' && /\.(?:conf|cnf|cfg|txt)$/.test(name))
    return `${target.slice(0, -posix.extname(name).length)}.ini`
  if (directory === '/usr/local/etc/php' && /\.ini$/.test(name) && !/^php(?:-[\w-]+)?\.ini$/.test(name))
    return `${directory}/conf.d/${name}`
  return directory === '/usr/local/etc/php-fpm.d' && /\.ini$/.test(name)
    ? `${target.slice(0, -4)}.conf`
    : null
}
