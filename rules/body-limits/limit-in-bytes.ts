import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { phpPool, phpSite } from '../php/_examples.ts'

const nginx = (line: string): string => nginxMain(proxiedServer(line))
const pool = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('client_max_body_size 64m;'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines),
})

export default defineRule({
  summary: 'A limit of uploads is written without its unit',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx counts a number without a unit in bytes. `client_max_body_size 100` refuses every form that is longer than one line, with 413. PHP counts in the same way: with `upload_max_filesize = 64` it takes no file of more than 64 bytes.',
  remedy: 'Write the unit: `client_max_body_size 100m;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size'],
  bad: [
    { title: 'a hundred bytes', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size «100»;') } },
    {
      title: 'five thousand bytes',
      files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size «5000»;') },
    },
    {
      title: 'sixty-four bytes for PHP',
      files: pool(conf`
        php_admin_value[upload_max_filesize] = «64»
        php_admin_value[post_max_size] = 65M
      `),
    },
  ],
  good: [
    { title: 'a hundred megabytes', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;') } },
    {
      title: 'megabytes for PHP, and no limit',
      files: pool(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 0
      `),
    },
    { title: 'no limit', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 0;') } },
    {
      title: 'bytes of a small size',
      files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 4096;') },
    },
    { title: 'bytes of a size', files: { 'etc/nginx/nginx.conf': nginx('client_max_body_size 1048576;') } },
    {
      title: 'a location that takes nothing',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /status {
              client_max_body_size 1;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { occurrences } of deployment.nginx) {
      for (const line of occurrences.get('client_max_body_size') ?? []) {
        const value = line.args[0]?.value ?? ''
        if (!/^\d+$/.test(value) || !lacksUnit(Number(value))) continue
        yield {
          at: argumentPlace(line, 0),
          message: `this is ${value} bytes, so nginx refuses nearly every body with 413`,
        }
      }
    }
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      for (const name of ['upload_max_filesize', 'post_max_size']) {
        const written = program.phpSetting(name)
        if (written?.known !== true || written.at === null || !/^\s*[1-9]\d{0,2}\s*$/.test(written.value))
          continue
        yield {
          at: written.at,
          message: `this is ${written.value.trim()} bytes, so PHP takes no ${name === 'post_max_size' ? 'form' : 'file'} that is larger`,
          help: `Write the unit: \`${name} = ${written.value.trim()}M\``,
        }
      }
    }
  },
})

/** Fewer than five bytes are written to take no body at all, and whoever counts in bytes writes a power of two. */
function lacksUnit(bytes: number): boolean {
  return bytes >= 5 && (bytes < 1000 || (bytes > 1000 && bytes < 10_000 && bytes % 1024 !== 0))
}
