import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { phpPool, phpSite } from './_examples.ts'
import { documentRoot, scriptDirectory } from './_script-directory.ts'

const tree = (chroot: string, script = '«$document_root$fastcgi_script_name»'): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace('$document_root$fastcgi_script_name', script),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(chroot),
  'srv/www/index.php': '<?php echo "the script runs";\n',
})

export default defineRule({
  summary: 'nginx sends PHP the path of a script as it is outside of the `chroot` of its pool',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `chroot` a pool opens every path below that directory: `/srv/www/index.php` is `/srv/www/srv/www/index.php` for it. nginx is not in the `chroot`, and sends the path as it is on the machine. PHP answers every script with 404, `File not found.`, and nginx logs `Primary script unknown`.',
  remedy: 'Send the path as it is below the `chroot`: `fastcgi_param SCRIPT_FILENAME $fastcgi_script_name;`',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#chroot',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
  ],
  bad: [
    { title: 'the root of nginx is the chroot', files: tree('chroot = /srv/www') },
    { title: 'the directory above it', files: tree('chroot = /srv') },
  ],
  good: [
    { title: 'a path below the chroot', files: tree('chroot = /srv/www', '$fastcgi_script_name') },
    {
      title: 'a directory named as it is below it',
      files: tree('chroot = /srv', '/www$fastcgi_script_name'),
    },
    { title: 'no chroot', files: tree('', '$document_root$fastcgi_script_name') },
    {
      title: 'a chroot that has the path, too',
      files: {
        ...tree('chroot = /srv/www', '$document_root$fastcgi_script_name'),
        'srv/www/srv/www/index.php': '<?php echo "the script runs";\n',
      },
    },
    {
      title: 'a chroot of which nothing is known',
      files: Object.fromEntries(
        Object.entries(tree('chroot = /srv/www', '$document_root$fastcgi_script_name')).filter(([path]) =>
          path.startsWith('etc/'),
        ),
      ),
    },
    {
      title: 'a chroot in which a link may be',
      files: tree(
        conf`
          chroot = /srv/www/$pool
        `,
        '$document_root$fastcgi_script_name',
      ),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      const { server, block, from } = connection
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const { machine, pool } = to.listener.program
        if (machine !== from.machine || pool.chroot?.known !== true) continue
        const outer = cleanPath(pool.chroot.value)
        const set = requestParameters(server.configuration, block, 'fastcgi')
        const sent = set.known
          ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
          : undefined
        if (sent?.at == null || !/^\/[\w./-]+$/.test(outer)) continue
        const directory = scriptDirectory(sent.value, documentRoot(connection))
        if (directory === null || directory === '/') continue
        const { files } = machine
        // The root is there, what the chroot holds can be listed, and the root is not in it a second time.
        const isThere = files.kind(directory) === 'directory' && files.list(outer) !== null
        if (!isThere || files.kind(`${outer}${directory}`) !== null) continue
        const [, first = ''] = directory.split('/')
        if (files.list(outer)?.some(({ name }) => name === first) === true) continue
        const inside =
          directory === outer ? '' : directory.startsWith(`${outer}/`) ? directory.slice(outer.length) : null
        yield {
          at: sent.at,
          message: `the pool \`${pool.name}\` looks for it below \`${outer}\`, at \`${outer}${directory}/…\`, so PHP answers \`File not found.\``,
          label: 'the path outside of the chroot',
          related:
            pool.chroot.at === null ? [] : [{ at: pool.chroot.at, message: 'PHP sees what is below this' }],
          ...(inside !== null && {
            help: `Write \`fastcgi_param SCRIPT_FILENAME ${inside}$fastcgi_script_name\``,
          }),
        }
      }
    }
  },
})
