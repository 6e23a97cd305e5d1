#!/bin/bash
# add-user.sh NAME PORT
set -e
cat <<EOF >> "$ENABLED"/shop.conf

    location /$1/ {
        proxy_pass http://127.0.0.1:$2;
    }
}
EOF
printf '    Redirect /%s/ https://%s.example.org/\n</VirtualHost>\n' "$1" "$1" >> /etc/httpd/conf.d/wiki.conf
