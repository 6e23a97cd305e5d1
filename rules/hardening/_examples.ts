import { conf } from '../../src/engine/conf.ts'
import type { Example } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain, nginxServer, proxiedServer } from '../_examples.ts'

/** nginx's main file with one server that speaks TLS. */
export function tlsServer(lines: string): string {
  return nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/a.pem;
        ssl_certificate_key /etc/ssl/a.key;
        ${lines}
    }
  `)
}

/** httpd's main file with one virtual host that speaks TLS. */
export function tlsHost(lines: string): string {
  return apacheMain(
    conf`
      Listen 443
      <VirtualHost *:443>
          ServerName example.org
          SSLEngine on
          SSLCertificateFile /etc/ssl/a.pem
          ${lines}
      </VirtualHost>
    `,
    ['socache_shmcb', 'ssl'],
  )
}

/** httpd's main file with one virtual host of files. */
export function fileHost(lines: string, main = '', modules: readonly string[] = []): string {
  return apacheMain(
    conf`
      Listen 80
      ${main}
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    modules,
  )
}

/** Sites of files that send a header, and those that do not. */
export function headerExamples(
  name: string,
  value: string,
): { readonly bad: readonly Example[]; readonly good: readonly Example[] } {
  const site = (lines: string): string => nginxMain(nginxServer(['root /srv/www;', lines]))
  return {
    bad: [
      { title: 'nginx', files: { 'etc/nginx/nginx.conf': site('').replace('server', '«server»') } },
      {
        title: 'Apache',
        files: { 'etc/apache2/apache2.conf': fileHost('').replace('<VirtualHost', '<«VirtualHost»') },
      },
    ],
    good: [
      {
        title: 'sent by nginx',
        files: { 'etc/nginx/nginx.conf': site(`add_header ${name} "${value}" always;`) },
      },
      {
        title: 'sent by Apache',
        files: {
          'etc/apache2/apache2.conf': fileHost(`Header always set ${name} "${value}"`, '', ['headers']),
        },
      },
      {
        title: 'an application, which may send it',
        files: { 'etc/nginx/nginx.conf': nginxMain(proxiedServer()) },
      },
      {
        title: 'nothing but a redirect',
        files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('return 301 https://example.org/;')) },
      },
    ],
  }
}
