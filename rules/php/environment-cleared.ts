import type { Container } from '../../src/deployment/containers/container.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { containerVariables } from '../containers/_container-variables.ts'

const tree = (
  pool: string,
  {
    environment = 'DB_HOST: db',
    volumes = '- ./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf:ro',
    files = {},
  }: { environment?: string; volumes?: string; files?: Record<string, string> } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
      php:
        build: ./php
        environment:
          ${environment}
        volumes:
          ${volumes}
      db:
        image: mysql:8.4
  `,
  'php/Dockerfile': conf`
    FROM php:8.3-fpm
    COPY src /var/www/html
  `,
  'php/src/public/index.php': '<?php echo getenv("DB_HOST");\n',
  'pool.conf': pool,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html/public;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
  ...files,
})

export default defineRule({
  summary: 'PHP-FPM takes the variables of its container away from PHP',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'By itself PHP-FPM starts its workers with an empty environment. The image of PHP says `clear_env = no` for its pool `www`, and a later `clear_env = yes` undoes it: the application has none of what Compose sets: `getenv("DB_HOST")` is false, and the application takes its default, such as 127.0.0.1. On the command line of the same container all is there.',
  remedy: 'Write `clear_env = no` into the pool',
  references: ['https://www.php.net/manual/en/install.fpm.configuration.php#clear-env'],
  unproven: 'The live tests start no containers, and so no variables of one',
  bad: [
    {
      title: 'a pool that says so',
      files: tree(conf`
        [www]
        clear_env = «yes»
      `),
    },
    {
      title: 'the number of it',
      files: tree(
        conf`
          [www]
          pm.max_children = 10
          clear_env = «1»
        `,
        { environment: 'DATABASE_URL: mysql://shop@db/shop' },
      ),
    },
  ],
  good: [
    {
      title: 'a pool that keeps them',
      files: tree(conf`
        [www]
        clear_env = no
      `),
    },
    {
      title: 'the pool of the image, which keeps them',
      files: tree(conf`
        [www]
        pm.max_children = 10
      `),
    },
    {
      title: 'variables that the pool sets',
      files: tree(conf`
        [www]
        clear_env = yes
        env[DB_HOST] = $DB_HOST
      `),
    },
    {
      title: 'a container that is told of nothing that an application reads',
      files: tree(
        conf`
          [www]
          clear_env = yes
        `,
        { environment: 'TZ: UTC' },
      ),
    },
    {
      title: 'an application that reads a file of its own',
      files: tree(
        conf`
          [www]
          clear_env = yes
        `,
        {
          volumes: '- ./pool.conf:/usr/local/etc/php-fpm.d/zz-pool.conf:ro\n- ./shop:/var/www/html',
          files: { 'shop/artisan': '', 'shop/.env': 'DB_HOST=db\n' },
        },
      ),
    },
  ],
  *check(deployment) {
    for (const { machine, pool } of programsOfKind(deployment, 'php-fpm')) {
      const { container } = machine
      const cleared = pool.clearEnvironment
      if (container === null || cleared?.known !== true || cleared.at === null || !cleared.value) continue
      if (readsFile(container) || pool.environment.size > 0) continue
      const variable = containerVariables(container).find(({ name }) => TOLD.test(name))
      if (variable === undefined) continue
      yield {
        at: cleared.at,
        message: `the pool \`${pool.name}\` starts PHP without the variables of its container: \`${variable.name}\` is not set there`,
        label: 'an empty environment',
        related: variable.value?.at == null ? [] : [{ at: variable.value.at, message: 'set here' }],
      }
    }
  },
})

/** What applications are told of by the environment. */
const TOLD =
  /^(?:DB|DATABASE|MYSQL|POSTGRES|REDIS|WORDPRESS_DB|MAIL|APP)_(?:HOST|URL|NAME|DATABASE|PASSWORD|USER|USERNAME|KEY|SECRET)$/

/** True where the directory of the application comes from outside, with a file of variables as like as not. */
function readsFile({ service, mounts, files }: Container): boolean {
  return (
    mounts.some(
      ({ from, target }) => from === 'volumes' && /^\/(?:var\/www|app|srv)(?:\/html)?$/.test(target),
    ) ||
    files.kind('/var/www/html/.env') !== null ||
    !service.complete
  )
}
