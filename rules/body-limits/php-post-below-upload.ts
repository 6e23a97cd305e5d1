import type { PhpFpmProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { phpPool, phpSite } from '../php/_examples.ts'
import { conf } from '../../src/engine/conf.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', 'client_max_body_size 100m;'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines),
})

const container = (lines: string, dockerfile = 'FROM php:8.3-fpm'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
      php:
        build: ./php
        volumes:
          - ./uploads.ini:/usr/local/etc/php/conf.d/uploads.ini
  `,
  'php/Dockerfile': conf`
    ${dockerfile}
  `,
  'uploads.ini': conf`
    ${lines}
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html;
        client_max_body_size 64m;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass php:9000;
        }
    }
  `,
})

export default defineRule({
  summary: 'PHP drops bodies that hold an upload it would take',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A file is sent in a body, which is a little larger. Above `post_max_size` PHP throws the whole body away, `$_POST` and `$_FILES` are empty, and the form fails without a word: `upload_max_filesize` above it is never reached.',
  remedy: 'Give `post_max_size` a little more than `upload_max_filesize`',
  references: ['https://www.php.net/manual/en/ini.core.php#ini.post-max-size'],
  bad: [
    {
      title: 'one raised in the container of PHP',
      files: container('upload_max_filesize = «64M»'),
    },
    {
      title: 'half of it raised',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = «8M»
      `),
    },
    {
      title: 'the default of the one',
      files: tree('php_admin_value[upload_max_filesize] = «64M»'),
    },
  ],
  good: [
    {
      title: 'both raised',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 70M
      `),
    },
    {
      title: 'no limit of bodies',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 0
      `),
    },
    {
      title: 'a container of PHP whose build writes settings',
      files: container(
        'upload_max_filesize = 64M',
        conf`
          FROM php:8.3-fpm
          RUN echo 'post_max_size=70M' > /usr/local/etc/php/conf.d/post.ini
        `,
      ),
    },
    { title: 'neither raised', files: tree('') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const upload = program.phpSetting('upload_max_filesize')
      const post = program.phpSetting('post_max_size')
      const file = upload === null ? null : bytesOf(upload)
      const body = post === null ? DEFAULT_POST : bytesOf(post)
      if (upload === null || file === null || body === null || body === 0 || file <= body) continue
      // Another file of PHP may raise what this pool leaves at its default.
      if (post === null && !program.settingsKnown && !ownSetting(program)) continue
      const at = post?.at ?? upload.at
      if (at === null) continue
      yield {
        at,
        message: `PHP throws bodies above ${post?.known === true ? post.value : '8M, its default,'} away, and is to take files of ${upload.known ? upload.value : ''}`,
        label: post === null ? 'more than post_max_size' : 'less than upload_max_filesize',
        related: post === null || upload.at === null ? [] : [{ at: upload.at, message: 'the largest file' }],
      }
    }
  },
})

const DEFAULT_POST = 8 * 1024 ** 2

function ownSetting({ pool }: PhpFpmProgram): boolean {
  return pool.phpSettings.has('upload_max_filesize')
}

function bytesOf(fact: Fact<string>): number | null {
  const match = fact.known ? /^\s*(\d{1,12})\s*([kmg]?)\s*$/i.exec(fact.value) : null
  if (match === null) return null
  return Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
}
