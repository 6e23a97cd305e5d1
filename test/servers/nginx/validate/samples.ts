import type { NginxProblemCode } from '../../../../src/servers/nginx/problem-codes.ts'

/** The inside of a block, or a whole file, with the word at fault marked `«so»`, and what is said of it; null: nothing. */
export interface Sample {
  readonly inside: 'file' | 'main' | 'http' | 'server' | 'location'
  readonly text: string
  readonly code: NginxProblemCode | null
}

const file = (text: string, code: Sample['code']): Sample => ({ inside: 'file', text, code })
const main = (text: string, code: Sample['code']): Sample => ({ inside: 'main', text, code })
const http = (text: string, code: Sample['code']): Sample => ({ inside: 'http', text, code })
const server = (text: string, code: Sample['code']): Sample => ({ inside: 'server', text, code })
const location = (text: string, code: Sample['code']): Sample => ({ inside: 'location', text, code })

/** Each is put to nginx 1.22.1 too, which refuses exactly those that have a code. */
export const SAMPLES: readonly Sample[] = [
  http('«sever_tokens» off;', 'unknown-directive'),
  http('«proxy_pass» http://127.0.0.1;', 'wrong-context'),
  server('if ($uri) { «add_header» A b; }', 'wrong-context'),
  server('location / { if ($uri) { add_header A b; } }', null),
  server('«location» /;', 'missing-block'),
  http('«sendfile» on { }', 'missing-semicolon'),
  http('«sendfile» on off;', 'argument-count'),
  server('«listen»;', 'argument-count'),
  http('sendfile on; «sendfile» off;', 'duplicate-directive'),
  http('sendfile on; server { sendfile off; }', null),
  http('sendfile «yes»;', 'invalid-value'),
  http('sendfile ON;', null),
  http('client_max_body_size «10x»;', 'invalid-value'),
  http('client_max_body_size 10G;', null),
  http('client_body_buffer_size «1g»;', 'invalid-value'),
  http('send_timeout «10x»;', 'invalid-value'),
  http('send_timeout «"1h x"»;', 'invalid-value'),
  http('send_timeout 1h30m;', null),
  http('ssl_session_timeout «10ms»;', 'invalid-value'),
  http('ssl_protocols TLSv1.2 «TLSv1.4»;', 'invalid-value'),
  http('gzip_comp_level «10»;', 'invalid-value'),
  http('gzip_buffers «0» 4k;', 'invalid-value'),
  server('proxy_http_version «2»;', 'invalid-value'),
  server('root /a; «alias» /b;', 'wrong-context'),
  location('root /a; «alias» /b;', 'duplicate-directive'),
  location('root /a; «root» /b;', 'duplicate-directive'),
  server('location «=~» /a { }', 'invalid-location'),
  server('location = /a { location «/a/b» { } }', 'invalid-location'),
  server('location /a { location «@b» { } }', 'invalid-location'),
  server('location /a { location «/b» { } }', 'location-outside-parent'),
  server('location /a { location /ab { } }', null),
  server('location /a { } location ^~ «/a» { }', 'duplicate-location'),
  server('location /a { } location = /a { } location ~ /a { } location ~ /a { }', null),
  server('location @n { «alias» /a/; }', 'wrong-context'),
  server('location ~ a { proxy_pass «http://127.0.0.1/b»; }', 'uri-not-allowed'),
  server('location @n { proxy_pass «http://127.0.0.1/»; }', 'uri-not-allowed'),
  server('location / { if ($uri) { proxy_pass «http://127.0.0.1/b»; } }', 'uri-not-allowed'),
  server('location ~ a { proxy_pass http://127.0.0.1$uri; }', null),
  location('proxy_pass «127.0.0.1:80»;', 'invalid-address'),
  location('proxy_pass «http://127.0.0.1:99999»;', 'invalid-address'),
  location('fastcgi_pass «127.0.0.1»;', 'invalid-address'),
  location('fastcgi_pass unix:/run/php.sock;', null),
  location('proxy_redirect «default»; proxy_pass http://127.0.0.1;', 'wrong-order'),
  location('set $to 127.0.0.1; proxy_pass http://$to; proxy_redirect «default»;', 'invalid-value'),
  location('proxy_pass http://127.0.0.1; proxy_redirect default; proxy_redirect default;', null),
  location('proxy_pass http://127.0.0.1; proxy_redirect default; proxy_redirect http://a/ /;', null),
  location('proxy_redirect http://a/ /; proxy_redirect http://b/ /;', null),
  location(
    'proxy_pass http://127.0.0.1; proxy_redirect off; «proxy_redirect» default;',
    'duplicate-directive',
  ),
  location('proxy_redirect http://a/ /; «proxy_redirect» off;', 'duplicate-directive'),
  location('proxy_redirect off; «proxy_redirect» off;', 'duplicate-directive'),
  location('proxy_cookie_domain off; «proxy_cookie_domain» a b;', 'duplicate-directive'),
  location('proxy_cookie_path / /a; «proxy_cookie_path» off;', 'duplicate-directive'),
  location('proxy_cookie_flags a secure; «proxy_cookie_flags» off;', 'duplicate-directive'),
  server('return 200 «$nosuch»;', 'unknown-variable'),
  server('return 200 "$uri ${arg_x} $http_x $sent_http_y $cookie_z $upstream_http_w $1";', null),
  server('return 200 «"$"»;', 'invalid-variable-name'),
  server('return 200 «${uri»;', 'invalid-variable-name'),
  server('location ~ ^/(?<named>a) { return 200 $named; }', null),
  server('set $later $early; set $early 1;', null),
  server('set «name» 1;', 'invalid-variable-name'),
  server('set «$uri» 1;', 'duplicate-variable'),
  server('set $args "";', null),
  http('map $uri $mapped { default 1; } server { return 200 $MAPPED; }', null),
  http('log_format f «$nosuch»;', 'unknown-variable'),
  http('log_format f $request_time$status;', null),
  server('location ~ «"(a"» { }', 'invalid-regex'),
  server('location ~ «[z-a]» { }', 'invalid-regex'),
  server('location ~ ^/a(?!b)[^/]+\\.php$ { }', null),
  server('rewrite «*» /a;', 'invalid-regex'),
  server('rewrite ^ /a «lst»;', 'invalid-parameter'),
  server('rewrite ^ «""»;', 'invalid-value'),
  server('return «2000»;', 'invalid-value'),
  server('return «/a»;', 'invalid-value'),
  server('return https://example.org/;', null),
  server('if «("$uri"» = a) { }', 'invalid-condition'),
  server('if ($uri «==» a) { }', 'invalid-condition'),
  server('if ( "$uri" = a ) { }', null),
  server('if ($uri ~ «"(a"») { }', 'invalid-regex'),
  server('listen 80 «ssll»;', 'invalid-parameter'),
  server('listen «99999»;', 'invalid-address'),
  server('listen «80(»;', 'invalid-address'),
  server('listen 127.0.0.1:18201; listen «127.0.0.1:18201»;', 'duplicate-listen'),
  http(
    'server { listen 18202 default; } server { listen 18202 «default_server»; }',
    'duplicate-default-server',
  ),
  http('server { listen 18202 backlog=5; } server { listen «18202» backlog=6; }', 'duplicate-listen'),
  http('server { listen 18202; } server { listen 18202 backlog=6; }', null),
  server('listen 18203 «so_keepalive=x»;', 'invalid-value'),
  http('«upstream» u { }', 'empty-upstream'),
  http('upstream u { server 127.0.0.1 «weight=0»; }', 'invalid-value'),
  http('upstream u { server 127.0.0.1 «wait=1»; }', 'invalid-parameter'),
  http('upstream u { ip_hash; server 127.0.0.1 «backup»; }', 'invalid-parameter'),
  http('upstream «u» { server 127.0.0.1 backup; }', 'empty-upstream'),
  http('upstream u { server 127.0.0.1; } upstream «u» { server 127.0.0.1; }', 'duplicate-upstream'),
  http(
    'upstream u { server 127.0.0.1; } server { location / { proxy_pass «http://u:81»; } }',
    'invalid-address',
  ),
  http('upstream a:b/c { server 127.0.0.1; }', null),
  http('map $uri $x { «a»; }', 'invalid-entry'),
  http('map $uri $x { default 1; «default» 2; }', 'duplicate-entry'),
  http('map $uri $x { a 1; «A» 2; }', 'duplicate-entry'),
  http('map $uri $x { hostnames; volatile; "" 1; ~*^b 2; \\default 3; }', null),
  http('geo $x { «10.0.0» 1; }', 'invalid-entry'),
  http('geo $x { ranges; 10.0.0.0-10.0.0.9 1; }', null),
  http('split_clients $uri $x { «0%» a; }', 'invalid-entry'),
  http('split_clients $uri $x { 60% a; «50%» b; }', 'invalid-entry'),
  http('types { «include»; }', 'argument-count'),
  http('charset_map a b { 80 «XX»; }', 'invalid-entry'),
  http('limit_req_zone $uri zone=z:10m «rate=x»;', 'invalid-value'),
  http('limit_req_zone $uri «zone=z:1k» rate=1r/s;', 'invalid-value'),
  http('limit_req_zone $uri zone=z:1m rate=1r/s; limit_conn_zone $uri «zone=z:1m»;', 'conflicting-zone'),
  server('limit_req «zone=none»;', 'unknown-zone'),
  server('limit_conn «none» 1;', 'unknown-zone'),
  location('proxy_cache «none»;', 'unknown-zone'),
  http('server { limit_req zone=z; } limit_req_zone $uri zone=z:1m rate=1r/s;', null),
  http('«proxy_cache_path» /tmp/nowhere-cache;', 'argument-count'),
  http('proxy_cache_valid 200 «1x»;', 'invalid-value'),
  http('access_log /dev/null «fancy»;', 'unknown-log-format'),
  http(
    'proxy_cache_path /tmp/nowhere keys_zone=a:1m; fastcgi_cache_path «/tmp/nowhere» keys_zone=b:1m;',
    'conflicting-directory',
  ),
  http(
    'proxy_temp_path /tmp/nowhere; proxy_cache_path «/tmp/nowhere» keys_zone=a:1m;',
    'conflicting-directory',
  ),
  http('proxy_temp_path /tmp/nowhere 1 2; fastcgi_temp_path «/tmp/nowhere» 2;', 'conflicting-directory'),
  http('proxy_temp_path /tmp/nowhere; server { client_body_temp_path /tmp/nowhere; }', null),
  http('proxy_cache_path /tmp/nowhere keys_zone=a:1m; proxy_cache_path /tmp/nowhere/ keys_zone=b:1m;', null),
  http('access_log off «main»;', 'invalid-parameter'),
  http("access_log /dev/null «'$remote_addr $status'»;", 'invalid-value'),
  http('log_format f a; log_format «f» b;', 'duplicate-entry'),
  http('error_log stderr «loud»;', 'invalid-value'),
  http('error_page «200» /a;', 'invalid-value'),
  server('error_page 404 = /a; error_page 500 502 =200 /b;', null),
  server('try_files $uri «=4040»;', 'invalid-value'),
  server('add_header A b «allways»;', 'invalid-parameter'),
  server('expires «soon»;', 'invalid-value'),
  server('expires modified +1h;', null),
  server('allow «10.0.0.0/33»;', 'invalid-address'),
  server('deny unix:; allow 10.0.0.0/8; deny all;', null),
  location('limit_except «FETCH» { }', 'invalid-value'),
  server('server_name «*»;', 'invalid-server-name'),
  server('server_name *.example.com .example.org www.example.* ~^a$ _ "";', null),
  http('«server» { listen 18204 ssl; }', 'certificate-missing'),
  http(
    'server { listen 18204 ssl; ssl_certificate data:x; ssl_certificate_key data:y; ssl_ciphers «TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:!aNULL»; }',
    'invalid-value',
  ),
  http('proxy_buffer_size «128k»; server { }', 'buffers-inconsistent'),
  http('proxy_buffer_size 128k; proxy_buffers 4 256k; proxy_busy_buffers_size 256k;', null),
  main('worker_processes «many»;', 'invalid-value'),
  main('«worker_connections» 5;', 'wrong-context'),
  main('http { } «http» { }', 'duplicate-directive'),
  file('events { worker_connections «1»; } http { server { listen 127.0.0.1:18301; } }', 'few-connections'),
  file('events { worker_connections 2; } http { server { listen 127.0.0.1:18301; } }', null),
  file(
    'events { worker_connections «2»; } http { server { listen 18301; listen 127.0.0.1:18301 bind; } }',
    'few-connections',
  ),
  file('events { worker_connections 2; } http { server { listen 18301; listen 127.0.0.1:18301; } }', null),
  file('events { worker_connections 2; } http { server { listen [::]:18301; listen [::1]:18301; } }', null),
  file('«events» { } http { server { listen 127.0.0.1:18301-18812; } }', 'few-connections'),
]

/** A whole configuration around a sample. */
export function wholeOf({ inside, text }: Sample): string {
  switch (inside) {
    case 'file':
      return `${text}\n`
    case 'main':
      return `events { }\n${text}\n`
    case 'http':
      return `events { }\nhttp {\n${text}\n}\n`
    case 'server':
      return `events { }\nhttp {\nserver {\n${text}\n}\n}\n`
    case 'location':
      return `events { }\nhttp {\nserver {\nlocation / {\n${text}\n}\n}\n}\n`
  }
}
