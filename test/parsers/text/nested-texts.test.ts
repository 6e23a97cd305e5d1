import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOfNested, nestedTexts } from '../../../parsers/text/nested-texts.ts'

type Kind = Parameters<typeof nestedTexts>[1]

/** What the parsers of the inner files read, without what is blank, placeholders as `?`. */
const inner = (text: string, kind: Kind): readonly string[] =>
  nestedTexts(text, kind).map(nested => {
    const code = codeOfNested(text, nested)
    assert.is(code.length, text.length)
    if (nested.quoting === undefined) assert.equal(lineEnds(code), lineEnds(text))
    return code
      .replace(/[\uE000-\uF8FF]+/g, '?')
      .replace(/[ \t]+$/gm, '')
      .replace(/^\n+|\n+$/g, '')
  })

const lineEnds = (text: string): readonly number[] => [...text.matchAll(/\n/g)].map(({ index }) => index)

test('a here-document that cat does not read', () => {
  const script = (line: string): string => `${line}\nserver {\n}\nEOF\ncat > b.conf <<EOF\nlisten 80;\nEOF\n`
  for (const line of ['cat /etc/nginx/a.conf <<EOF', '  sudo cat "$site" <<-EOF', "cat a.conf << 'EOF'"])
    assert.equal(inner(script(line), 'shell'), ['listen 80;'], line)
  for (const line of ['cat > a.conf <<EOF', 'cat - a.conf <<EOF', 'cat <<EOF > a', 'tee a.conf <<EOF'])
    assert.equal(inner(script(line), 'shell'), ['server {\n}', 'listen 80;'], line)
})

test('literal blocks of YAML, each for itself', () => {
  const text = [
    'data:',
    '  nginx.conf: |',
    '    events {}',
    '',
    '    http {',
    '    }',
    '  "a.conf": |2-  # more',
    '    listen 80;',
    '  - path: /x',
    '    content: |',
    '      user a;',
    '    mode: 1',
    '  url: http://a/|',
    '',
  ].join('\n')
  assert.equal(inner(text, 'yaml'), ['    events {}\n\n    http {\n    }', '    listen 80;', '      user a;'])
  assert.equal(inner(text, 'shell'), [])
})

test('a folded block of YAML, whose lines go on where they stand below one another', () => {
  const text = [
    'data:',
    '  nginx.conf: >-',
    '    # the shop',
    '    user',
    '    www-data;',
    '    http {',
    '      server {',
    '        listen 80;',
    '    }',
    '',
    '    }',
    '',
  ].join('\n')
  assert.equal(inner(text, 'yaml'), [
    '    # the shop     user     www-data;     http {\n      server {\n        listen 80;\n    }\n\n    }',
  ])
})

test('quoted scalars of YAML are what they stand for, their lines their own', () => {
  const text = [
    'data:',
    '  nginx.conf: "events {}\\n# the \\"shop\\"\\nhttp {\\n\\tserver { listen 80; }\\n\\',
    '    \\  log_format a \\"$host',
    '    \\x41\\u0042\\";\\n}\\n"  # more',
    "  'b': 'server {",
    '',
    "    listen 80; add_header X ''a",
    "    b'';",
    '',
    "    }'",
    '  - content: "server { listen 81; }"',
    '  note: "the server is up"',
    "  other: \"{{ lookup('file', 'nginx.conf') }}\"",
    '  open: "server {',
    '',
  ].join('\n')
  const isSame = (code: string): string =>
    code
      .replace(/[ \t]+/g, ' ')
      .replace(/ ?\n ?/g, '\n')
      .trim()
  assert.equal(inner(text, 'yaml').map(isSame), [
    'events {}\n# the "shop"\nhttp {\nserver { listen 80; }\nlog_format a "$host AB" ;\n}',
    "server {\nlisten 80; add_header X 'a b' ;\n}",
    'server { listen 81; }',
  ])
  for (const nested of nestedTexts(text, 'yaml')) {
    const at = text.indexOf('listen 8', nested.start)
    assert.is(codeOfNested(text, nested).indexOf('listen 8'), at)
  }
})

test('strings of JSON are files by their key, or by the path beside them', () => {
  const text = [
    '{"apiVersion":"v1","data":{"nginx.conf":"events {}\\nhttp {}\\n","note":"server { listen 80; }"},',
    ' "write_files": [',
    '  {"content": "ProxyPass / http://a/\\n", "path": "/etc/apache2/sites-enabled/a.conf"},',
    '  {',
    '    "path": "/etc/nginx/conf.d/a.conf",',
    '    "content": "server {\\r\\n}\\r\\n"',
    '  }]}',
    '',
  ].join('\n')
  assert.equal(
    inner(text, 'json').map(code => code.replace(/\s+/g, ' ').trim()),
    ['events {} http {}', 'ProxyPass / http://a/', 'server { }'],
  )
  const owners = nestedTexts(text, 'json').map(({ owner }) => owner)
  assert.equal(owners, ['nginx', 'apache', 'nginx'])
})

test('whose file a text is by its key, and by the path at which it is written', () => {
  const ownerOf = (text: string, kind: Kind = 'yaml') => nestedTexts(text, kind).map(({ owner }) => owner)
  const block = (key: string): string => `${key}: |\n  a b;\n`
  assert.equal(ownerOf(block('000-default.conf')), ['apache'])
  assert.equal(ownerOf(block('httpd-vhosts.conf')), ['apache'])
  assert.equal(ownerOf(block('nginx.conf')), ['nginx'])
  assert.equal(ownerOf(block('default.conf')), [undefined])
  assert.equal(ownerOf(`- content: |\n    a b\n  path: /etc/apache2/sites-available/x.conf\n`), ['apache'])
  assert.equal(ownerOf(`- when: |\n    a b\n  path: /etc/apache2/sites-available/x.conf\n`), [undefined])
  assert.equal(ownerOf('- {path: /etc/httpd/conf.d/y.conf, content: "ProxyPass / http://a/\\n"}\n'), [
    'apache',
  ])
  assert.equal(ownerOf('cat > /etc/httpd/conf.d/y.conf <<X\na b\nX\n', 'shell'), ['apache'])
})

test('what the parameters of a file stand for in its texts', () => {
  const text =
    'params:\n  rate: 12\n  rate_per_day: 1\n\nrun:\n  contents: |\n    rate=$rate_per_dayr/s $rates $host;\n'
  assert.equal(inner(text, 'yaml'), ['    rate=?r/s ?s $host;'])
})

test('what the parameters of a template of OpenShift stand for in its texts', () => {
  const objects =
    'objects:\n- data:\n    a.conf: |\n      server http://${NAME}-api:${{PORT}} $NAME ${host};\n'
  const parameters =
    'parameters:\n# The project\n- name: NAME\n  description: its name\n- description: a port\n  name: "PORT"\n'
  const template = 'apiVersion: template.openshift.io/v1\nkind: Template\n'
  const filled = ['      server http://?-api:? $NAME ${host};']
  assert.equal(inner(template + parameters + objects, 'yaml'), filled)
  assert.equal(inner(template + objects + parameters, 'yaml'), filled)
  const written = ['      server http://${NAME}-api:${{PORT}} $NAME ${host};']
  assert.equal(inner(`kind: List\n${parameters}${objects}`, 'yaml'), written)
  assert.equal(inner(template + objects, 'yaml'), written)
  const json = (kind: string): string =>
    `{\n  "kind": "${kind}",\n  "parameters": [\n    { "from": "[a-z]{8}", "name": "NAME" }\n  ],\n  "a.conf": "server { server_name \${NAME}; root \${OTHER}; }\\n"\n}\n`
  const [found] = inner(json('Template'), 'json').map(text => text.trim())
  assert.is(found, 'server { server_name ?; root ${OTHER}; }')
})

test('a here-document is what the shell makes of it', () => {
  const text = [
    'cat > a <<EOF',
    'server_name $NAME ${ALIAS:-b};',
    'return 301 https://\\$host\\$uri; # x',
    'set \\$a "\\$b $(date)";',
    'set \\$b \\${uri}x;',
    'EOF',
    "tee b <<-'END' >/dev/null",
    '\troot $document_root;',
    '\tEND',
    'x=$((1<<SHIFT))',
    'cat <<< EOF',
    '# cat <<EOF',
    'never',
    '',
  ].join('\n')
  assert.equal(inner(text, 'shell'), [
    'server_name ? ?;\nreturn 301 https://$host$uri  ; # x\nset $a  "$b ?" ;\nset $b  ${uri}x ;',
    '\troot $document_root;',
  ])
})

test('here-documents of Dockerfiles, also in one another, and in YAML', () => {
  const text = 'RUN <<SCRIPT\ncat > a <<"CONF"\nuser $a;\nCONF\nSCRIPT\nCOPY <<X /y\nuser b;\nX\n'
  assert.equal(inner(text, 'dockerfile').slice(1), ['user $a;', 'user b;'])
  assert.equal(inner('run: |\n  cat > a <<CONF\n  user a;\n  CONF\n', 'yaml').slice(1), ['  user a;'])
})

test('compose fills in what has one dollar, and halves two', () => {
  const text =
    'configs:\n  a:\n    content: |\n      listen ${PORT};\n      return 301 https://$$host$$uri;\n'
  assert.equal(inner(text, 'compose'), ['      listen ?;\n      return 301 https://$host$uri  ;'])
})

test('a string with the ends of its lines as `echo` and Docker want them', () => {
  const single =
    "RUN echo '<VirtualHost *:80>\\n\\\n  Redirect / /x\\n\\\n</VirtualHost>' > /etc/apache2/a.conf\n"
  assert.equal(inner(single, 'dockerfile'), ['          <VirtualHost *:80>\n  Redirect / /x\n</VirtualHost>'])
  const double = 'RUN printf "server {\\n\\\n  return 301 /\\$uri;\\n\\\n}\\n" > a\n'
  assert.equal(inner(double, 'dockerfile'), ['            server {\n  return 301 /$uri ;\n}'])
})

test('a string on one line: nginx needs no others, Apache does', () => {
  assert.equal(inner("printf 'server {\\n listen 80;\\n}\\n' > a\n", 'shell'), [
    '        server {   listen 80;  }',
  ])
  assert.equal(inner("printf '<Directory /srv>\\n Require local\\n</Directory>\\n' > a\n", 'shell'), [])
})

test('a string goes on behind a word that stands between its own quotes', () => {
  const string = (value: string): readonly string[] =>
    inner(`site="server {\n  add_header A ${value};\n}\n"\n`, 'shell').map(text => text.trim())
  assert.equal(string('"public"'), ['server {\n  add_header A public  ;\n}'])
  assert.equal(string('a"$X"b'), ['server {\n  add_header A a?b;\n}'])
  assert.equal(string('"a b"'), ['server {\n  add_header A'])
  assert.equal(string('$X'), ['server {\n  add_header A ?;\n}'])
})

test('a line of a string goes on behind a backslash', () => {
  const text =
    'site="<VirtualHost *:80>\n  BrowserMatch \\"MSIE [2-6]\\" \\\n    nokeepalive\n</VirtualHost>\n"\n'
  assert.equal(
    inner(text, 'shell').map(code => code.trim().replace(/ +/g, ' ')),
    ['<VirtualHost *:80>\n BrowserMatch "MSIE [2-6]" \\\n nokeepalive\n</VirtualHost>'],
  )
})

test('lines that are echoed one by one', () => {
  const text = [
    'RUN { \\',
    "    echo '<Directory /srv>'; \\",
    '    # more',
    '    echo "  RewriteRule ^ \\"\\$1\\" [L]"; \\',
    "    echo '</Directory>'; \\",
    '  } > a.conf',
    'echo "server {" > b',
    "sudo echo 'listen 80;' >> b",
    "echo '}' >> b && nginx -t",
    "echo 'upstream a {'",
    '',
    'RUN apk add bash \\',
    '    && echo "upstream app { server ${APP}:9000; }" > c.conf',
    '',
  ].join('\n')
  assert.equal(inner(text, 'dockerfile'), [
    '          <Directory /srv>\n\n            RewriteRule ^ "$1"    [L]\n          </Directory>',
    '      server {\n           listen 80;',
    '             upstream app { server ?:9000; }',
  ])
})

test('a string of a script that goes to a `.htaccess`', () => {
  const isHtaccess = (text: string): boolean =>
    nestedTexts(text, 'shell').some(nested => nested.isHtaccess === true)
  const string = (behind: string): string => `echo "# shop\nRewriteRule ^a$ /b\n"${behind}\n`
  assert.ok(isHtaccess(string(' > $root/.htaccess')))
  assert.ok(isHtaccess(string(' | tee "$root/.htaccess"')))
  assert.not(isHtaccess(string(' > $root/a.conf')))
  assert.ok(isHtaccess("echo '# shop' > .htaccess\necho 'RewriteRule ^a$ /b' >> .htaccess\n"))
})

test('the indented strings of Nix', () => {
  const text = "extraConfig = ''\n  root ${pkgs.x}/a;\n  set $a ''${b};\n'';\nname = ''one line'';\n"
  assert.equal(inner(text, 'nix'), ['  root ?/a;\n  set $a ${b}  ;'])
})

test('the strings of Nix that become lines of a server', () => {
  const text = [
    '{ config, ... }:',
    '# services.nginx.appendHttpConfig = "no";',
    'let',
    "  note = ''one line'';",
    'in',
    '{',
    '  services.nginx = {',
    '    recommendedTlsSettings = true;',
    "    commonHttpConfig = ''map $a $b { default 1; }'';",
    '    virtualHosts."a.example" = lib.mkIf (config.x == 1) {',
    '      root = "/srv";',
    '      locations."/".extraConfig = "deny all; # ${config.note}";',
    '    };',
    '  };',
    '  services.nginx.virtualHosts.${host} = { locations."/${path}".extraConfig = "internal;"; };',
    "  services.httpd.virtualHosts.a.extraConfig = ''",
    '    Require all granted',
    "  '';",
    "  services.caddy.extraConfig = ''x'';",
    '  programs.zsh.extraConfig = "nginx";',
    "  environment.etc.a.text = ''",
    '    lines',
    "  '';",
    '}',
    '',
  ].join('\n')
  const found = nestedTexts(text, 'nix').map(nested => [
    nested.owner,
    codeOfNested(text, nested)
      .replace(/[\uE000-\uF8FF]+/g, '?')
      .trim(),
  ])
  assert.equal(found, [
    ['nginx', 'map $a $b { default 1; }'],
    ['nginx', 'deny all; # ?'],
    ['nginx', 'internal;'],
    ['apache', 'Require all granted'],
    [undefined, 'lines'],
  ])
})

test('sections of XML, and whose they are by the tags before them', () => {
  const text = [
    '<file name="/etc/apache2/conf-enabled/a.conf"><content><![CDATA[',
    'RewriteRule ^/a$ /b',
    ']]></content></file>',
    '<apache-rewrite><![CDATA[RewriteRule ^/c$ /d]]></apache-rewrite>',
    '<note><![CDATA[RewriteRule ^/e$ /f]]></note>',
    '',
  ].join('\n')
  assert.equal(
    nestedTexts(text, 'xml').map(({ owner, isWhole }) => [owner, isWhole]),
    [
      ['apache', true],
      ['apache', undefined],
      [undefined, undefined],
    ],
  )
})

test('where another program looks for the file that a text is written to', () => {
  const places = (text: string, kind: Kind) => nestedTexts(text, kind).map(({ installedAt }) => installedAt)
  const document = (line: string): string => `${line} <<EOF\n[Service]\nEOF\n`
  assert.equal(places(document('cat > /etc/systemd/system/shop.service'), 'shell'), [
    '/etc/systemd/system/shop.service',
  ])
  assert.equal(places(document('sudo tee "/etc/systemd/system/shop@.socket" >/dev/null'), 'shell'), [
    '/etc/systemd/system/shop@.socket',
  ])
  assert.equal(places(document('cat > /usr/lib/systemd/system/a.timer'), 'shell'), [
    '/usr/lib/systemd/system/a.timer',
  ])
  assert.equal(places(document('cat > /etc/systemd/system/shop.service.d/more.conf'), 'shell'), [undefined])
  assert.equal(places(document('cat > /srv/etc/systemd/system/shop.service'), 'shell'), [undefined])
  const cloud = [
    'write_files:',
    '  - path: /etc/systemd/system/a.service',
    '    permissions: "0644"',
    '    content: |',
    '      [Service]',
    '      path: /nothing',
    '  - content: |',
    '      [Unit]',
    '',
    '      [Service]',
    '    path: /lib/systemd/system/b.service',
    '  - path: /etc/systemd/system/c.service',
    '  - content: |',
    '      [Service]',
    '    owner: root',
    'x:',
    '  dest: /etc/systemd/system/d.service',
  ].join('\n')
  assert.equal(places(cloud, 'yaml'), [
    '/etc/systemd/system/a.service',
    '/lib/systemd/system/b.service',
    undefined,
  ])
  const play = [
    '- name: a unit',
    '  copy:',
    '    content: |',
    '      [Service]',
    '    dest: /etc/systemd/system/shop.service',
    '  notify: dest',
  ].join('\n')
  assert.equal(places(play, 'yaml'), ['/etc/systemd/system/shop.service'])
  const files = [
    '/etc/supervisor/conf.d/shop.conf',
    '/etc/supervisord.d/shop.ini',
    '/etc/uwsgi/vassals/shop.ini',
    '/etc/php/8.2/fpm/pool.d/shop.conf',
    '/etc/php/$VERSION/fpm/pool.d/shop.conf',
    '/etc/php-fpm.d/shop.conf',
    '/etc/default/shop',
    '/srv/shop/.env',
  ]
  for (const file of files) assert.equal(places(document(`cat > ${file}`), 'shell'), [file])
  const others = ['/etc/shop.conf', '/etc/php/8.2/fpm/php.ini', '/srv/shop/.env.example', '$HOME/.env']
  for (const file of others) assert.equal(places(document(`cat > ${file}`), 'shell'), [undefined])
  assert.equal(places(document('cat >> /srv/shop/.env'), 'shell'), [undefined])
  assert.equal(places(document('sudo tee -a /etc/default/shop'), 'shell'), [undefined])
})

test('a hostile file takes no longer than others', () => {
  const started = performance.now()
  nestedTexts('cat <<EOF\n'.repeat(100_000), 'shell')
  nestedTexts(Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a: |`).join('\n'), 'yaml')
  nestedTexts(`${'a:b'.repeat(100_000)}: |\n`, 'yaml')
  nestedTexts(`echo '#'${' '.repeat(390)}x\n`.repeat(10_000), 'shell')
  nestedTexts("a = ''\n''' ".repeat(100_000), 'nix')
  assert.ok(performance.now() - started < 2000)
})

test('a key says that a controller puts a text into nginx', () => {
  const keys = (text: string, kind: Kind): readonly boolean[] =>
    nestedTexts(text, kind).map(({ isSnippet }) => isSnippet === true)
  assert.equal(
    keys(
      [
        'annotations:',
        '  nginx.ingress.kubernetes.io/configuration-snippet: |',
        '    add_header A b;',
        '  "nginx.org/server-snippets": |-',
        '    gzip on;',
        '  example.org/snippet: |',
        '    gzip on;',
        '',
      ].join('\n'),
      'yaml',
    ),
    [true, true, false],
  )
  assert.equal(
    keys(
      '"nginx.ingress.kubernetes.io/server-snippet" = <<EOF\ngzip on;\nEOF\nnote = <<EOF\nx\nEOF\n',
      'hcl',
    ),
    [true, false],
  )
})

test('what a line writes to a file of a server is all of it, unless another line adds to that', () => {
  const wholes = (text: string, kind: 'shell' | 'yaml'): readonly boolean[] =>
    nestedTexts(text, kind).map(({ isWhole = false }) => isWhole)
  const SITE = '/etc/nginx/conf.d/shop.conf'
  const document = (line: string): string => `${line} <<EOF\nserver {\nEOF\n`
  for (const line of [
    `cat > ${SITE}`,
    `sudo tee ${SITE} > /dev/null`,
    'cat >"/etc/apache2/sites-available/shop.conf"',
    'cat > $ROOT/etc/httpd/conf.d/shop.conf',
  ])
    assert.equal(wholes(document(line), 'shell'), [true], line)
  for (const line of [
    `cat >> ${SITE}`,
    `tee -a ${SITE}`,
    'cat > /tmp/shop.conf',
    'ssh web',
    `cat 2> ${SITE}`,
  ])
    assert.equal(wholes(document(line), 'shell'), [false], line)
  assert.equal(wholes(`${document(`cat > ${SITE}`)}${document(`cat >> ${SITE}`)}`, 'shell'), [false, false])
  assert.equal(wholes(`${document(`cat > ${SITE}`)}echo } >> "$SITE"\n`, 'shell'), [false])
  assert.equal(wholes(`${document(`cat > ${SITE}`)}date >> /var/log/setup.log\n`, 'shell'), [true])
  assert.equal(wholes('data:\n  default.conf: |\n    server {\n  note: |\n    server {\n', 'yaml'), [
    true,
    false,
  ])
})

test('sections of XML in which nothing is markup', () => {
  const text = `<daemon name="nginx">
  <command><![CDATA[a2enmod ssl]]></command>
  <file name="/etc/nginx/nginx.conf" backup="true">
    <visibility mode="true">{{settings.system.use_ssl}}</visibility>
    <content><![CDATA[
user www-data;
events {}
]]>
    </content>
  </file>
  <file name="/etc/cron.d/panel"><content><![CDATA[
* * * * * root true
]]></content></file>
  <note><![CDATA[]]></note>
  <open><![CDATA[never closed
`
  assert.equal(
    nestedTexts(text, 'xml').map(({ start, end, isWhole = false }) => [text.slice(start, end), isWhole]),
    [
      ['a2enmod ssl', false],
      ['user www-data;\nevents {}\n', true],
      ['* * * * * root true\n', false],
    ],
  )
  const started = performance.now()
  nestedTexts('<![CDATA['.repeat(200_000), 'xml')
  nestedTexts('<file name="/etc/nginx/'.repeat(50_000) + '<![CDATA[x]]>'.repeat(300), 'xml')
  assert.ok(performance.now() - started < 1000)
})

test.run()
