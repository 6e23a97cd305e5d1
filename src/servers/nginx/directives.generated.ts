// Written by `npm run generate` from tools/facts/nginx-*.tsv and @nginx/reference-lib; edit those.

/** name, module, contexts, arguments, block, value, words, once, since, until, default; tabs between. */
export const NGINX_DIRECTIVES = `absolute_redirect	ngx_http_core_module	http,server,location	1		on|off		once	1.11.8		on
accept_mutex	ngx_event	events	1		on|off		once			off
accept_mutex_delay	ngx_event	events	1		time-ms		once			500ms
acceptex_read	ngx_iocp_module	events	1		on|off		once			
access_log	ngx_http_log_module	http,server,location,if-in-location,limit_except	1+							logs/access.log combined
access_log	ngx_stream_log_module	stream,stream-server	1+							off
add_after_body	ngx_http_addition_filter_module	http,server,location	1		string		once			
add_before_body	ngx_http_addition_filter_module	http,server,location	1		string		once			
add_header	ngx_http_headers_filter_module	http,server,location,if-in-location	2|3							
add_header_inherit	ngx_http_headers_filter_module	http,server,location,if-in-location	1		word	on off merge	once	1.29.3		on
add_trailer	ngx_http_headers_filter_module	http,server,location,if-in-location	2|3					1.13.2		
add_trailer_inherit	ngx_http_headers_filter_module	http,server,location,if-in-location	1		word	on off merge	once	1.29.3		on
addition_types	ngx_http_addition_filter_module	http,server,location	1+		types					text/html
aio	ngx_http_core_module	http,server,location	1				once			off
aio_write	ngx_http_core_module	http,server,location	1		on|off		once	1.9.13		off
alias	ngx_http_core_module	location	1				once			
allow	ngx_http_access_module	http,server,location,limit_except	1							
allow	ngx_stream_access_module	stream,stream-server	1							
ancient_browser	ngx_http_browser_module	http,server,location	1+							
ancient_browser_value	ngx_http_browser_module	http,server,location	1							1
auth_basic	ngx_http_auth_basic_module	http,server,location,limit_except	1		complex		once			off
auth_basic_user_file	ngx_http_auth_basic_module	http,server,location,limit_except	1				once			
auth_delay	ngx_http_core_module	http,server,location	1		time-ms		once	1.17.10		0s
auth_http	ngx_mail_auth_http_module	mail,mail-server	1							
auth_http_header	ngx_mail_auth_http_module	mail,mail-server	2							
auth_http_pass_client_cert	ngx_mail_auth_http_module	mail,mail-server	1		on|off		once			off
auth_http_timeout	ngx_mail_auth_http_module	mail,mail-server	1		time-ms		once			60s
auth_request	ngx_http_auth_request_module	http,server,location	1				once	1.5.4		off
auth_request_set	ngx_http_auth_request_module	http,server,location	2					1.5.4		
autoindex	ngx_http_autoindex_module	http,server,location	1		on|off		once			off
autoindex_exact_size	ngx_http_autoindex_module	http,server,location	1		on|off		once			on
autoindex_format	ngx_http_autoindex_module	http,server,location	1		word	html json jsonp xml	once			html
autoindex_localtime	ngx_http_autoindex_module	http,server,location	1		on|off		once			off
break	ngx_http_rewrite_module	server,location,if-in-server,if-in-location	0							
charset	ngx_http_charset_filter_module	http,server,location,if-in-location	1				once			off
charset_map	ngx_http_charset_filter_module	http	2	block						
charset_types	ngx_http_charset_filter_module	http,server,location	1+		types					text/html text/xml text/plain text/vnd.wap.wml application/javascript application/rss+xml
chunked_transfer_encoding	ngx_http_core_module	http,server,location	1		on|off		once			on
client_body_buffer_size	ngx_http_core_module	http,server,location	1		size		once			8k|16k
client_body_early_read	ngx_http_core_module	http,server	1+					1.29.0		
client_body_in_file_only	ngx_http_core_module	http,server,location	1		word	off on clean	once			off
client_body_in_single_buffer	ngx_http_core_module	http,server,location	1		on|off		once			off
client_body_temp_path	ngx_http_core_module	http,server,location	1|2|3|4		path		once			client_body_temp
client_body_timeout	ngx_http_core_module	http,server,location	1		time-ms		once			60s
client_header_buffer_size	ngx_http_core_module	http,server	1		size		once			1k
client_header_timeout	ngx_http_core_module	http,server	1		time-ms		once			60s
client_max_body_size	ngx_http_core_module	http,server,location	1		offset		once			1m
connection_pool_size	ngx_http_core_module	http,server	1		size		once			256|512
create_full_put_path	ngx_http_dav_module	http,server,location	1		on|off		once			off
daemon	nginx	main	1		on|off		once			on
dav_access	ngx_http_dav_module	http,server,location	1|2|3		access		once			user:rw
dav_methods	ngx_http_dav_module	http,server,location	1+		words	off put delete mkcol copy move				off
debug_connection	ngx_event	events	1							
debug_points	nginx	main	1		word	stop abort	once			
default_type	ngx_http_core_module	http,server,location	1		string		once			text/plain
degradation	ngx_http_degradation_module	http	1							
degrade	ngx_http_degradation_module	http,server,location	1		word		once			
deny	ngx_http_access_module	http,server,location,limit_except	1							
deny	ngx_stream_access_module	stream,stream-server	1							
devpoll_changes	ngx_devpoll_module	events	1		number		once			
devpoll_events	ngx_devpoll_module	events	1		number		once			
directio	ngx_http_core_module	http,server,location	1				once			off
directio_alignment	ngx_http_core_module	http,server,location	1		offset		once			512
disable_symlinks	ngx_http_core_module	http,server,location	1|2				once	1.1.15		off
early_hints	ngx_http_core_module	http,server,location	1+					1.29.0		
empty_gif	ngx_http_empty_gif_module	location	0							
env	nginx	main	1							TZ
epoll_events	ngx_epoll_module	events	1		number		once			
error_log	ngx_http_core_module	http,server,location	1+							
error_log	ngx_mail_core_module	mail,mail-server	1+							
error_log	ngx_stream_core_module	stream,stream-server	1+							
error_log	ngx_log	main	1+							logs/error.log error
error_page	ngx_http_core_module	http,server,location,if-in-location	2+							
etag	ngx_http_core_module	http,server,location	1		on|off		once	1.3.3		on
eventport_events	ngx_eventport_module	events	1		number		once			
events	ngx_event	main	0	block			once			
expires	ngx_http_headers_filter_module	http,server,location,if-in-location	1|2				once			off
fastcgi_bind	ngx_http_fastcgi_module	http,server,location	1|2		bind		once			
fastcgi_buffer_size	ngx_http_fastcgi_module	http,server,location	1		size		once			4k|8k
fastcgi_buffering	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.5.6		on
fastcgi_buffers	ngx_http_fastcgi_module	http,server,location	2		count size		once			8 4k|8k
fastcgi_busy_buffers_size	ngx_http_fastcgi_module	http,server,location	1		size		once			8k|16k
fastcgi_cache	ngx_http_fastcgi_module	http,server,location	1				once			off
fastcgi_cache_background_update	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.11.10		off
fastcgi_cache_bypass	ngx_http_fastcgi_module	http,server,location	1+		predicates					
fastcgi_cache_key	ngx_http_fastcgi_module	http,server,location	1				once			
fastcgi_cache_lock	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.1.12		off
fastcgi_cache_lock_age	ngx_http_fastcgi_module	http,server,location	1		time-ms		once	1.7.8		5s
fastcgi_cache_lock_timeout	ngx_http_fastcgi_module	http,server,location	1		time-ms		once	1.1.12		5s
fastcgi_cache_max_range_offset	ngx_http_fastcgi_module	http,server,location	1		offset		once	1.11.6		
fastcgi_cache_methods	ngx_http_fastcgi_module	http,server,location	1+		words	GET HEAD POST				GET HEAD
fastcgi_cache_min_uses	ngx_http_fastcgi_module	http,server,location	1		number		once			1
fastcgi_cache_path	ngx_http_fastcgi_module	http	2+							
fastcgi_cache_revalidate	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.5.7		off
fastcgi_cache_use_stale	ngx_http_fastcgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				off
fastcgi_cache_valid	ngx_http_fastcgi_module	http,server,location	1+							
fastcgi_catch_stderr	ngx_http_fastcgi_module	http,server,location	1		list					
fastcgi_connect_timeout	ngx_http_fastcgi_module	http,server,location	1		time-ms		once			60s
fastcgi_force_ranges	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.7.7		off
fastcgi_hide_header	ngx_http_fastcgi_module	http,server,location	1		list					
fastcgi_ignore_client_abort	ngx_http_fastcgi_module	http,server,location	1		on|off		once			off
fastcgi_ignore_headers	ngx_http_fastcgi_module	http,server,location	1+		words	X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary				
fastcgi_index	ngx_http_fastcgi_module	http,server,location	1		string		once			
fastcgi_intercept_errors	ngx_http_fastcgi_module	http,server,location	1		on|off		once			off
fastcgi_keep_conn	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.1.4		off
fastcgi_limit_rate	ngx_http_fastcgi_module	http,server,location	1		size		once	1.7.7		0
fastcgi_max_temp_file_size	ngx_http_fastcgi_module	http,server,location	1		size		once			1024m
fastcgi_next_upstream	ngx_http_fastcgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				error timeout
fastcgi_next_upstream_timeout	ngx_http_fastcgi_module	http,server,location	1		time-ms		once	1.7.5		0
fastcgi_next_upstream_tries	ngx_http_fastcgi_module	http,server,location	1		number		once	1.7.5		0
fastcgi_no_cache	ngx_http_fastcgi_module	http,server,location	1+		predicates					
fastcgi_param	ngx_http_fastcgi_module	http,server,location	2|3							HTTP_HOST $host$is_request_port$request_port
fastcgi_pass	ngx_http_fastcgi_module	location,if-in-location	1				once			
fastcgi_pass_header	ngx_http_fastcgi_module	http,server,location	1		list					
fastcgi_pass_request_body	ngx_http_fastcgi_module	http,server,location	1		on|off		once			on
fastcgi_pass_request_headers	ngx_http_fastcgi_module	http,server,location	1		on|off		once			on
fastcgi_read_timeout	ngx_http_fastcgi_module	http,server,location	1		time-ms		once			60s
fastcgi_request_buffering	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.7.11		on
fastcgi_send_lowat	ngx_http_fastcgi_module	http,server,location	1		size		once			0
fastcgi_send_timeout	ngx_http_fastcgi_module	http,server,location	1		time-ms		once			60s
fastcgi_socket_keepalive	ngx_http_fastcgi_module	http,server,location	1		on|off		once	1.15.6		off
fastcgi_socket_rcvbuf	ngx_http_fastcgi_module	http,server,location	1		size		once	1.29.0		
fastcgi_socket_sndbuf	ngx_http_fastcgi_module	http,server,location	1		size		once	1.29.0		
fastcgi_split_path_info	ngx_http_fastcgi_module	http,server,location	1							
fastcgi_store	ngx_http_fastcgi_module	http,server,location	1				once			off
fastcgi_store_access	ngx_http_fastcgi_module	http,server,location	1|2|3		access		once			user:rw
fastcgi_temp_file_write_size	ngx_http_fastcgi_module	http,server,location	1		size		once			8k|16k
fastcgi_temp_path	ngx_http_fastcgi_module	http,server,location	1|2|3|4		path		once			fastcgi_temp
flv	ngx_http_flv_module	location	0							
geo	ngx_http_geo_module	http	1|2	block						
geo	ngx_stream_geo_module	stream	1|2	block						
geoip_city	ngx_http_geoip_module	http	1|2							
geoip_city	ngx_stream_geoip_module	stream	1|2							
geoip_country	ngx_http_geoip_module	http	1|2							
geoip_country	ngx_stream_geoip_module	stream	1|2							
geoip_org	ngx_http_geoip_module	http	1|2							
geoip_org	ngx_stream_geoip_module	stream	1|2							
geoip_proxy	ngx_http_geoip_module	http	1							
geoip_proxy_recursive	ngx_http_geoip_module	http	1		on|off		once			off
google_perftools_profiles	ngx_google_perftools_module	main	1		string		once			
grpc_bind	ngx_http_grpc_module	http,server,location	1|2		bind		once	1.13.10		
grpc_buffer_size	ngx_http_grpc_module	http,server,location	1		size		once	1.13.10		4k|8k
grpc_connect_timeout	ngx_http_grpc_module	http,server,location	1		time-ms		once	1.13.10		60s
grpc_hide_header	ngx_http_grpc_module	http,server,location	1		list			1.13.10		
grpc_ignore_headers	ngx_http_grpc_module	http,server,location	1+		words	X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary		1.13.10		
grpc_intercept_errors	ngx_http_grpc_module	http,server,location	1		on|off		once	1.13.10		off
grpc_next_upstream	ngx_http_grpc_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 off		1.13.10		error timeout
grpc_next_upstream_timeout	ngx_http_grpc_module	http,server,location	1		time-ms		once	1.13.10		0
grpc_next_upstream_tries	ngx_http_grpc_module	http,server,location	1		number		once	1.13.10		0
grpc_pass	ngx_http_grpc_module	location,if-in-location	1				once	1.13.10		
grpc_pass_header	ngx_http_grpc_module	http,server,location	1		list			1.13.10		
grpc_read_timeout	ngx_http_grpc_module	http,server,location	1		time-ms		once	1.13.10		60s
grpc_send_timeout	ngx_http_grpc_module	http,server,location	1		time-ms		once	1.13.10		60s
grpc_set_header	ngx_http_grpc_module	http,server,location	2		key value			1.13.10		Content-Length $content_length
grpc_socket_keepalive	ngx_http_grpc_module	http,server,location	1		on|off		once	1.15.6		off
grpc_socket_rcvbuf	ngx_http_grpc_module	http,server,location	1		size		once	1.29.0		
grpc_socket_sndbuf	ngx_http_grpc_module	http,server,location	1		size		once	1.29.0		
grpc_ssl_certificate	ngx_http_grpc_module	http,server,location	1		complex		once	1.13.10		
grpc_ssl_certificate_cache	ngx_http_grpc_module	http,server,location	1|2|3					1.27.4		off
grpc_ssl_certificate_key	ngx_http_grpc_module	http,server,location	1		complex		once	1.13.10		
grpc_ssl_ciphers	ngx_http_grpc_module	http,server,location	1		string		once	1.13.10		DEFAULT
grpc_ssl_conf_command	ngx_http_grpc_module	http,server,location	2		key value			1.19.4		
grpc_ssl_crl	ngx_http_grpc_module	http,server,location	1		string		once	1.13.10		
grpc_ssl_name	ngx_http_grpc_module	http,server,location	1		complex		once	1.13.10		host from grpc_pass
grpc_ssl_password_file	ngx_http_grpc_module	http,server,location	1				once	1.13.10		
grpc_ssl_protocols	ngx_http_grpc_module	http,server,location	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3		1.13.10		TLSv1.2 TLSv1.3
grpc_ssl_server_name	ngx_http_grpc_module	http,server,location	1		on|off		once	1.13.10		off
grpc_ssl_session_reuse	ngx_http_grpc_module	http,server,location	1		on|off		once	1.13.10		on
grpc_ssl_trusted_certificate	ngx_http_grpc_module	http,server,location	1		string		once	1.13.10		
grpc_ssl_verify	ngx_http_grpc_module	http,server,location	1		on|off		once	1.13.10		off
grpc_ssl_verify_depth	ngx_http_grpc_module	http,server,location	1		number		once	1.13.10		1
gunzip	ngx_http_gunzip_filter_module	http,server,location	1		on|off		once	1.3.6		off
gunzip_buffers	ngx_http_gunzip_filter_module	http,server,location	2		count size		once	1.3.6		32 4k|16 8k
gzip	ngx_http_gzip_filter_module	http,server,location,if-in-location	1		on|off		once			off
gzip_buffers	ngx_http_gzip_filter_module	http,server,location	2		count size		once			32 4k|16 8k
gzip_comp_level	ngx_http_gzip_filter_module	http,server,location	1		number	1..9	once			1
gzip_disable	ngx_http_core_module	http,server,location	1+							
gzip_hash	ngx_http_gzip_filter_module	http,server,location	1		size		once			
gzip_http_version	ngx_http_core_module	http,server,location	1		word	1.0 1.1	once			
gzip_min_length	ngx_http_gzip_filter_module	http,server,location	1		size		once			20
gzip_no_buffer	ngx_http_gzip_filter_module	http,server,location	1		on|off		once			
gzip_proxied	ngx_http_core_module	http,server,location	1+		words	off expired no-cache no-store private no_last_modified no_etag auth any				
gzip_static	ngx_http_gzip_static_module	http,server,location	1		word	off on always	once			off
gzip_types	ngx_http_gzip_filter_module	http,server,location	1+		types					text/html
gzip_vary	ngx_http_core_module	http,server,location	1		on|off		once			
gzip_window	ngx_http_gzip_filter_module	http,server,location	1		size		once			
hash	ngx_http_upstream_hash_module	upstream	1|2					1.7.2		
hash	ngx_stream_upstream_hash_module	stream-upstream	1|2					1.9.0		
http	ngx_http	main	0	block			once			
http2	ngx_http_v2_module	http,server	1		on|off		once	1.25.1		off
http2_body_preread_size	ngx_http_v2_module	http,server	1		size		once	1.11.0		64k
http2_chunk_size	ngx_http_v2_module	http,server,location	1		size		once	1.9.5		8k
http2_idle_timeout	ngx_http_v2_module	http,server	1					1.9.5		3m
http2_max_concurrent_pushes	ngx_http_v2_module	http,server	1		number		once	1.13.9		10
http2_max_concurrent_streams	ngx_http_v2_module	http,server	1		number		once	1.9.5		128
http2_max_field_size	ngx_http_v2_module	http,server	1					1.9.5		4k
http2_max_header_size	ngx_http_v2_module	http,server	1					1.9.5		16k
http2_max_requests	ngx_http_v2_module	http,server	1					1.11.6		1000
http2_pool_size	ngx_http_v2_module	http,server	1		size		once			
http2_push	ngx_http_v2_module	http,server,location	1					1.13.9		off
http2_push_preload	ngx_http_v2_module	http,server,location	1		on|off		once	1.13.9		off
http2_recv_buffer_size	ngx_http_v2_module	http	1		size		once	1.9.5		256k
http2_recv_timeout	ngx_http_v2_module	http,server	1					1.9.5		30s
http2_streams_index_size	ngx_http_v2_module	http,server	1		number		once			
http3	ngx_http_v3_module	http,server	1		on|off		once	1.25.0		on
http3_hq	ngx_http_v3_module	http,server	1		on|off		once	1.25.0		off
http3_max_concurrent_streams	ngx_http_v3_module	http,server	1		number		once	1.25.0		128
http3_stream_buffer_size	ngx_http_v3_module	http,server	1		size		once	1.25.0		64k
if	ngx_http_rewrite_module	server,location	1+	block						
if_modified_since	ngx_http_core_module	http,server,location	1		word	off exact before	once			exact
ignore_invalid_headers	ngx_http_core_module	http,server	1		on|off		once			on
image_filter	ngx_http_image_filter_module	location	1|2|3							off
image_filter_buffer	ngx_http_image_filter_module	http,server,location	1		size		once			1M
image_filter_interlace	ngx_http_image_filter_module	http,server,location	1		on|off		once			off
image_filter_jpeg_quality	ngx_http_image_filter_module	http,server,location	1							75
image_filter_sharpen	ngx_http_image_filter_module	http,server,location	1							0
image_filter_transparency	ngx_http_image_filter_module	http,server,location	1		on|off		once			on
image_filter_webp_quality	ngx_http_image_filter_module	http,server,location	1							80
imap_auth	ngx_mail_imap_module	mail,mail-server	1+		words	plain login cram-md5 external				plain
imap_capabilities	ngx_mail_imap_module	mail,mail-server	1+							IMAP4 IMAP4rev1 UIDPLUS
imap_client_buffer	ngx_mail_imap_module	mail,mail-server	1		size		once			4k|8k
include	ngx_conf_file	any	1							
index	ngx_http_index_module	http,server,location	1+							index.html
internal	ngx_http_core_module	location	0				once			
iocp_threads	ngx_iocp_module	events	1		number		once			
ip_hash	ngx_http_upstream_ip_hash_module	upstream	0							
keepalive	ngx_http_upstream_keepalive_module	upstream	1				once	1.1.4		
keepalive	ngx_http_upstream_keepalive_module	upstream	1|2				once	1.27.0		
keepalive_disable	ngx_http_core_module	http,server,location	1|2		words	none msie6 safari				msie6
keepalive_min_timeout	ngx_http_core_module	http,server,location	1		time-ms		once	1.27.4		0
keepalive_requests	ngx_http_core_module	http,server,location	1		number		once			1000
keepalive_requests	ngx_http_upstream_keepalive_module	upstream	1		number		once	1.15.3		
keepalive_time	ngx_http_core_module	http,server,location	1		time-ms		once	1.19.10		1h
keepalive_time	ngx_http_upstream_keepalive_module	upstream	1		time-ms		once	1.19.10		
keepalive_timeout	ngx_http_core_module	http,server,location	1|2		time-ms		once			75s
keepalive_timeout	ngx_http_upstream_keepalive_module	upstream	1		time-ms		once	1.15.3		
kqueue_changes	ngx_kqueue_module	events	1		number		once			
kqueue_events	ngx_kqueue_module	events	1		number		once			
large_client_header_buffers	ngx_http_core_module	http,server	2		count size		once			4 8k
least_conn	ngx_http_upstream_least_conn_module	upstream	0							
least_conn	ngx_stream_upstream_least_conn_module	stream-upstream	0							
least_time	ngx_http_upstream_least_time_module	upstream	1|2					1.31.0		
least_time	ngx_stream_upstream_least_time_module	stream-upstream	1|2					1.31.0		
limit_conn	ngx_http_limit_conn_module	http,server,location	2							
limit_conn	ngx_stream_limit_conn_module	stream,stream-server	2							
limit_conn_dry_run	ngx_http_limit_conn_module	http,server,location	1		on|off		once	1.17.6		off
limit_conn_dry_run	ngx_stream_limit_conn_module	stream,stream-server	1		on|off		once	1.17.6		off
limit_conn_log_level	ngx_http_limit_conn_module	http,server,location	1		word	info notice warn error	once			error
limit_conn_log_level	ngx_stream_limit_conn_module	stream,stream-server	1		word	info notice warn error	once			error
limit_conn_status	ngx_http_limit_conn_module	http,server,location	1		number	400..599	once	1.3.15		503
limit_conn_zone	ngx_http_limit_conn_module	http	2					1.1.8		
limit_conn_zone	ngx_stream_limit_conn_module	stream	2					1.1.8		
limit_except	ngx_http_core_module	location	1+	block			once			
limit_rate	ngx_http_core_module	http,server,location,if-in-location	1		complex-size		once			0
limit_rate_after	ngx_http_core_module	http,server,location,if-in-location	1		complex-size		once			0
limit_req	ngx_http_limit_req_module	http,server,location	1|2|3							
limit_req_dry_run	ngx_http_limit_req_module	http,server,location	1		on|off		once	1.17.1		off
limit_req_log_level	ngx_http_limit_req_module	http,server,location	1		word	info notice warn error	once			error
limit_req_status	ngx_http_limit_req_module	http,server,location	1		number	400..599	once	1.3.15		503
limit_req_zone	ngx_http_limit_req_module	http	3							
limit_zone	ngx_http_limit_conn_module	http	3						1.7.6	
lingering_close	ngx_http_core_module	http,server,location	1		word	off on always	once			on
lingering_time	ngx_http_core_module	http,server,location	1		time-ms		once			30s
lingering_timeout	ngx_http_core_module	http,server,location	1		time-ms		once			5s
listen	ngx_http_core_module	server	1+							*:80 | *:8000
listen	ngx_mail_core_module	mail-server	1+							
listen	ngx_stream_core_module	stream-server	1+							
load_module	nginx	main	1					1.9.11		
location	ngx_http_core_module	server,location	1|2	block						
lock_file	nginx	main	1		string		once			logs/nginx.lock
log_format	ngx_http_log_module	http	2+							combined "..."
log_format	ngx_stream_log_module	stream	2+							
log_not_found	ngx_http_core_module	http,server,location	1		on|off		once			on
log_subrequest	ngx_http_core_module	http,server,location	1		on|off		once			off
mail	ngx_mail	main	0	block			once			
map	ngx_http_map_module	http	2	block						
map	ngx_stream_map_module	stream	2	block						
map_hash_bucket_size	ngx_http_map_module	http	1		number		once			32|64|128
map_hash_bucket_size	ngx_stream_map_module	stream	1		number		once			32|64|128
map_hash_max_size	ngx_http_map_module	http	1		number		once			2048
map_hash_max_size	ngx_stream_map_module	stream	1		number		once			2048
master_process	nginx	main	1		on|off		once			on
max_errors	ngx_mail_core_module	mail,mail-server	1		number		once			5
max_headers	ngx_http_core_module	http,server	1		number		once			1000
max_ranges	ngx_http_core_module	http,server,location	1		number		once	1.1.2		
memcached_bind	ngx_http_memcached_module	http,server,location	1|2		bind		once			
memcached_buffer_size	ngx_http_memcached_module	http,server,location	1		size		once			4k|8k
memcached_connect_timeout	ngx_http_memcached_module	http,server,location	1		time-ms		once			60s
memcached_gzip_flag	ngx_http_memcached_module	http,server,location	1		number		once			
memcached_next_upstream	ngx_http_memcached_module	http,server,location	1+		words	error timeout invalid_response not_found off				error timeout
memcached_next_upstream_timeout	ngx_http_memcached_module	http,server,location	1		time-ms		once			0
memcached_next_upstream_tries	ngx_http_memcached_module	http,server,location	1		number		once			0
memcached_pass	ngx_http_memcached_module	location,if-in-location	1				once			
memcached_read_timeout	ngx_http_memcached_module	http,server,location	1		time-ms		once			60s
memcached_send_timeout	ngx_http_memcached_module	http,server,location	1		time-ms		once			60s
memcached_socket_keepalive	ngx_http_memcached_module	http,server,location	1		on|off		once			off
merge_slashes	ngx_http_core_module	http,server	1		on|off		once			on
min_delete_depth	ngx_http_dav_module	http,server,location	1		number		once			0
mirror	ngx_http_mirror_module	http,server,location	1					1.13.4		off
mirror_request_body	ngx_http_mirror_module	http,server,location	1		on|off		once	1.13.4		on
modern_browser	ngx_http_browser_module	http,server,location	1|2							
modern_browser_value	ngx_http_browser_module	http,server,location	1							1
mp4	ngx_http_mp4_module	location	0							
mp4_buffer_size	ngx_http_mp4_module	http,server,location	1		size		once			512K
mp4_max_buffer_size	ngx_http_mp4_module	http,server,location	1		size		once			10M
mp4_start_key_frame	ngx_http_mp4_module	http,server,location	1		on|off		once	1.21.4		off
msie_padding	ngx_http_core_module	http,server,location	1		on|off		once			on
msie_refresh	ngx_http_core_module	http,server,location	1		on|off		once			off
multi_accept	ngx_event	events	1		on|off		once			off
open_file_cache	ngx_http_core_module	http,server,location	1|2				once			off
open_file_cache_errors	ngx_http_core_module	http,server,location	1		on|off		once			off
open_file_cache_events	ngx_http_core_module	http,server,location	1		on|off		once			
open_file_cache_min_uses	ngx_http_core_module	http,server,location	1		number		once			1
open_file_cache_valid	ngx_http_core_module	http,server,location	1		time-s		once			60s
open_log_file_cache	ngx_http_log_module	http,server,location	1|2|3|4				once			off
open_log_file_cache	ngx_stream_log_module	stream,stream-server	1|2|3|4				once			off
output_buffers	ngx_http_copy_filter_module	http,server,location	2		count size		once			
override_charset	ngx_http_charset_filter_module	http,server,location,if-in-location	1		on|off		once			off
pass	ngx_stream_pass_module	stream-server	1					1.25.5		
pcre_jit	ngx_regex	main	1		on|off		once	1.1.12		off
perl	ngx_http_perl_module	location,limit_except	1							
perl_modules	ngx_http_perl_module	http	1		list					
perl_require	ngx_http_perl_module	http	1		list					
perl_set	ngx_http_perl_module	http	2							
pid	nginx	main	1		string		once			logs/nginx.pid
pop3_auth	ngx_mail_pop3_module	mail,mail-server	1+		words	plain apop cram-md5 external				plain
pop3_capabilities	ngx_mail_pop3_module	mail,mail-server	1+							TOP USER UIDL
port_in_redirect	ngx_http_core_module	http,server,location	1		on|off		once			on
post_acceptex	ngx_iocp_module	events	1		number		once			
post_action	ngx_http_core_module	http,server,location,if-in-location	1		string		once			
postpone_gzipping	ngx_http_gzip_filter_module	http,server,location	1		size		once			
postpone_output	ngx_http_core_module	http,server,location	1		size		once			1460
preread_buffer_size	ngx_stream_core_module	stream,stream-server	1		size		once			16k
preread_timeout	ngx_stream_core_module	stream,stream-server	1		time-ms		once			30s
protocol	ngx_mail_core_module	mail-server	1							
proxy	ngx_mail_proxy_module	mail,mail-server	1		on|off		once			
proxy_bind	ngx_http_proxy_module	http,server,location	1|2		bind		once			
proxy_bind	ngx_stream_proxy_module	stream,stream-server	1|2		bind		once			
proxy_buffer	ngx_mail_proxy_module	mail,mail-server	1		size		once			4k|8k
proxy_buffer_size	ngx_http_proxy_module	http,server,location	1		size		once			4k|8k
proxy_buffer_size	ngx_stream_proxy_module	stream,stream-server	1		size		once			16k
proxy_buffering	ngx_http_proxy_module	http,server,location	1		on|off		once			on
proxy_buffers	ngx_http_proxy_module	http,server,location	2		count size		once			8 4k|8k
proxy_busy_buffers_size	ngx_http_proxy_module	http,server,location	1		size		once			8k|16k
proxy_cache	ngx_http_proxy_module	http,server,location	1				once			off
proxy_cache_background_update	ngx_http_proxy_module	http,server,location	1		on|off		once	1.11.10		off
proxy_cache_bypass	ngx_http_proxy_module	http,server,location	1+		predicates					
proxy_cache_convert_head	ngx_http_proxy_module	http,server,location	1		on|off		once	1.9.7		on
proxy_cache_key	ngx_http_proxy_module	http,server,location	1				once			$scheme$proxy_host$request_uri
proxy_cache_lock	ngx_http_proxy_module	http,server,location	1		on|off		once	1.1.12		off
proxy_cache_lock_age	ngx_http_proxy_module	http,server,location	1		time-ms		once	1.7.8		5s
proxy_cache_lock_timeout	ngx_http_proxy_module	http,server,location	1		time-ms		once	1.1.12		5s
proxy_cache_max_range_offset	ngx_http_proxy_module	http,server,location	1		offset		once	1.11.6		
proxy_cache_methods	ngx_http_proxy_module	http,server,location	1+		words	GET HEAD POST				GET HEAD
proxy_cache_min_uses	ngx_http_proxy_module	http,server,location	1		number		once			1
proxy_cache_path	ngx_http_proxy_module	http	2+							
proxy_cache_revalidate	ngx_http_proxy_module	http,server,location	1		on|off		once	1.5.7		off
proxy_cache_use_stale	ngx_http_proxy_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 updating off				off
proxy_cache_valid	ngx_http_proxy_module	http,server,location	1+							
proxy_connect_timeout	ngx_http_proxy_module	http,server,location	1		time-ms		once			60s
proxy_connect_timeout	ngx_stream_proxy_module	stream,stream-server	1		time-ms		once			60s
proxy_cookie_domain	ngx_http_proxy_module	http,server,location	1|2					1.1.15		off
proxy_cookie_flags	ngx_http_proxy_module	http,server,location	1|2|3|4					1.19.3		off
proxy_cookie_path	ngx_http_proxy_module	http,server,location	1|2					1.1.15		off
proxy_download_rate	ngx_stream_proxy_module	stream,stream-server	1		complex-size		once			0
proxy_downstream_buffer	ngx_stream_proxy_module	stream,stream-server	1		size		once			
proxy_force_ranges	ngx_http_proxy_module	http,server,location	1		on|off		once	1.7.7		off
proxy_half_close	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_headers_hash_bucket_size	ngx_http_proxy_module	http,server,location	1		number		once			64
proxy_headers_hash_max_size	ngx_http_proxy_module	http,server,location	1		number		once			512
proxy_hide_header	ngx_http_proxy_module	http,server,location	1		list					
proxy_http_version	ngx_http_proxy_module	http,server,location	1		word	1.0 1.1 2@1.29.4	once	1.1.4		1.1
proxy_ignore_client_abort	ngx_http_proxy_module	http,server,location	1		on|off		once			off
proxy_ignore_headers	ngx_http_proxy_module	http,server,location	1+		words	X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary				
proxy_intercept_errors	ngx_http_proxy_module	http,server,location	1		on|off		once			off
proxy_limit_rate	ngx_http_proxy_module	http,server,location	1		size		once	1.7.7		0
proxy_max_temp_file_size	ngx_http_proxy_module	http,server,location	1		size		once			1024m
proxy_method	ngx_http_proxy_module	http,server,location	1		complex		once			
proxy_next_upstream	ngx_http_proxy_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_502 http_503 http_504 http_403 http_404 http_429 updating off				error timeout
proxy_next_upstream	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			on
proxy_next_upstream_timeout	ngx_http_proxy_module	http,server,location	1		time-ms		once	1.7.5		0
proxy_next_upstream_timeout	ngx_stream_proxy_module	stream,stream-server	1		time-ms		once			0
proxy_next_upstream_tries	ngx_http_proxy_module	http,server,location	1		number		once	1.7.5		0
proxy_next_upstream_tries	ngx_stream_proxy_module	stream,stream-server	1		number		once			0
proxy_no_cache	ngx_http_proxy_module	http,server,location	1+		predicates					
proxy_pass	ngx_http_proxy_module	location,if-in-location,limit_except	1				once			
proxy_pass	ngx_stream_proxy_module	stream-server	1				once			
proxy_pass_error_message	ngx_mail_proxy_module	mail,mail-server	1		on|off		once			off
proxy_pass_header	ngx_http_proxy_module	http,server,location	1		list					
proxy_pass_request_body	ngx_http_proxy_module	http,server,location	1		on|off		once			on
proxy_pass_request_headers	ngx_http_proxy_module	http,server,location	1		on|off		once			on
proxy_pass_trailers	ngx_http_proxy_module	http,server,location	1		on|off		once	1.27.2		off
proxy_protocol	ngx_mail_proxy_module	mail,mail-server	1		on|off		once			off
proxy_protocol	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_protocol_timeout	ngx_stream_core_module	stream,stream-server	1		time-ms		once			30s
proxy_read_timeout	ngx_http_proxy_module	http,server,location	1		time-ms		once			60s
proxy_redirect	ngx_http_proxy_module	http,server,location	1|2							default
proxy_request_buffering	ngx_http_proxy_module	http,server,location	1		on|off		once	1.7.11		on
proxy_requests	ngx_stream_proxy_module	stream,stream-server	1		number		once			0
proxy_responses	ngx_stream_proxy_module	stream,stream-server	1		number		once			
proxy_send_lowat	ngx_http_proxy_module	http,server,location	1		size		once			0
proxy_send_timeout	ngx_http_proxy_module	http,server,location	1		time-ms		once			60s
proxy_set_body	ngx_http_proxy_module	http,server,location	1		string		once			
proxy_set_header	ngx_http_proxy_module	http,server,location	2		key value					Connection close
proxy_smtp_auth	ngx_mail_proxy_module	mail,mail-server	1		on|off		once			off
proxy_socket_keepalive	ngx_http_proxy_module	http,server,location	1		on|off		once	1.15.6		off
proxy_socket_keepalive	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_socket_rcvbuf	ngx_http_proxy_module	http,server,location	1		size		once	1.29.0		
proxy_socket_rcvbuf	ngx_stream_proxy_module	stream,stream-server	1		size		once	1.29.0		
proxy_socket_sndbuf	ngx_http_proxy_module	http,server,location	1		size		once	1.29.0		
proxy_socket_sndbuf	ngx_stream_proxy_module	stream,stream-server	1		size		once	1.29.0		
proxy_ssl	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_ssl_alpn	ngx_stream_proxy_module	stream,stream-server	1+					1.29.0		
proxy_ssl_certificate	ngx_http_proxy_module	http,server,location	1		complex		once	1.7.8		
proxy_ssl_certificate	ngx_stream_proxy_module	stream,stream-server	1		complex		once			
proxy_ssl_certificate_cache	ngx_http_proxy_module	http,server,location	1|2|3					1.27.4		off
proxy_ssl_certificate_cache	ngx_stream_proxy_module	stream,stream-server	1|2|3					1.27.4		off
proxy_ssl_certificate_key	ngx_http_proxy_module	http,server,location	1		complex		once	1.7.8		
proxy_ssl_certificate_key	ngx_stream_proxy_module	stream,stream-server	1		complex		once			
proxy_ssl_ciphers	ngx_http_proxy_module	http,server,location	1		string		once	1.5.6		DEFAULT
proxy_ssl_ciphers	ngx_stream_proxy_module	stream,stream-server	1		string		once			DEFAULT
proxy_ssl_conf_command	ngx_http_proxy_module	http,server,location	2		key value			1.19.4		
proxy_ssl_conf_command	ngx_stream_proxy_module	stream,stream-server	2		key value					
proxy_ssl_crl	ngx_http_proxy_module	http,server,location	1		string		once	1.7.0		
proxy_ssl_crl	ngx_stream_proxy_module	stream,stream-server	1		string		once			
proxy_ssl_name	ngx_http_proxy_module	http,server,location	1		complex		once	1.7.0		$proxy_host
proxy_ssl_name	ngx_stream_proxy_module	stream,stream-server	1		complex		once			host from proxy_pass
proxy_ssl_password_file	ngx_http_proxy_module	http,server,location	1				once	1.7.8		
proxy_ssl_password_file	ngx_stream_proxy_module	stream,stream-server	1				once			
proxy_ssl_protocols	ngx_http_proxy_module	http,server,location	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3		1.5.6		TLSv1.2 TLSv1.3
proxy_ssl_protocols	ngx_stream_proxy_module	stream,stream-server	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3				TLSv1.2 TLSv1.3
proxy_ssl_server_name	ngx_http_proxy_module	http,server,location	1		on|off		once	1.7.0		off
proxy_ssl_server_name	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_ssl_session_reuse	ngx_http_proxy_module	http,server,location	1		on|off		once			on
proxy_ssl_session_reuse	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			on
proxy_ssl_trusted_certificate	ngx_http_proxy_module	http,server,location	1		string		once	1.7.0		
proxy_ssl_trusted_certificate	ngx_stream_proxy_module	stream,stream-server	1		string		once			
proxy_ssl_verify	ngx_http_proxy_module	http,server,location	1		on|off		once	1.7.0		off
proxy_ssl_verify	ngx_stream_proxy_module	stream,stream-server	1		on|off		once			off
proxy_ssl_verify_depth	ngx_http_proxy_module	http,server,location	1		number		once	1.7.0		1
proxy_ssl_verify_depth	ngx_stream_proxy_module	stream,stream-server	1		number		once			1
proxy_store	ngx_http_proxy_module	http,server,location	1				once			off
proxy_store_access	ngx_http_proxy_module	http,server,location	1|2|3		access		once			user:rw
proxy_temp_file_write_size	ngx_http_proxy_module	http,server,location	1		size		once			8k|16k
proxy_temp_path	ngx_http_proxy_module	http,server,location	1|2|3|4		path		once			proxy_temp
proxy_timeout	ngx_mail_proxy_module	mail,mail-server	1		time-ms		once			24h
proxy_timeout	ngx_stream_proxy_module	stream,stream-server	1		time-ms		once			10m
proxy_upload_rate	ngx_stream_proxy_module	stream,stream-server	1		complex-size		once			0
proxy_upstream_buffer	ngx_stream_proxy_module	stream,stream-server	1		size		once			
quic_active_connection_id_limit	ngx_http_v3_module	http,server	1		number		once	1.25.0		2
quic_bpf	ngx_event_quic_bpf	main	1		on|off		once	1.25.0		
quic_gso	ngx_http_v3_module	http,server	1		on|off		once	1.25.0		off
quic_host_key	ngx_http_v3_module	http,server	1					1.25.0		
quic_retry	ngx_http_v3_module	http,server	1		on|off		once	1.25.0		off
random	ngx_http_upstream_random_module	upstream	0|1|2					1.15.1		
random	ngx_stream_upstream_random_module	stream-upstream	0|1|2					1.15.1		
random_index	ngx_http_random_index_module	location	1		on|off		once			off
read_ahead	ngx_http_core_module	http,server,location	1		size		once			0
real_ip_header	ngx_http_realip_module	http,server,location	1				once			X-Real-IP
real_ip_recursive	ngx_http_realip_module	http,server,location	1		on|off		once	1.2.1		off
recursive_error_pages	ngx_http_core_module	http,server,location	1		on|off		once			off
referer_hash_bucket_size	ngx_http_referer_module	server,location	1		number		once			64
referer_hash_max_size	ngx_http_referer_module	server,location	1		number		once			2048
request_pool_size	ngx_http_core_module	http,server	1		size		once			4k
reset_timedout_connection	ngx_http_core_module	http,server,location	1		on|off		once			off
resolver	ngx_http_core_module	http,server,location	1+				once			
resolver	ngx_http_upstream	upstream	1+				once	1.27.3		
resolver	ngx_mail_core_module	mail,mail-server	1+				once			off
resolver	ngx_stream_core_module	stream,stream-server	1+				once			
resolver	ngx_stream_upstream	stream-upstream	1+				once	1.27.3		
resolver_timeout	ngx_http_core_module	http,server,location	1		time-ms		once			30s
resolver_timeout	ngx_http_upstream	upstream	1		time-ms		once	1.27.3		
resolver_timeout	ngx_mail_core_module	mail,mail-server	1		time-ms		once			30s
resolver_timeout	ngx_stream_core_module	stream,stream-server	1		time-ms		once			30s
resolver_timeout	ngx_stream_upstream	stream-upstream	1		time-ms		once	1.27.3		
return	ngx_http_rewrite_module	server,location,if-in-server,if-in-location	1|2							
return	ngx_stream_return_module	stream-server	1				once			
rewrite	ngx_http_rewrite_module	server,location,if-in-server,if-in-location	2|3							
rewrite_log	ngx_http_rewrite_module	http,server,location,if-in-server,if-in-location	1		on|off		once			off
root	ngx_http_core_module	http,server,location,if-in-location	1				once			html
satisfy	ngx_http_core_module	http,server,location	1		word	all any	once			all
scgi_bind	ngx_http_scgi_module	http,server,location	1|2		bind		once			
scgi_buffer_size	ngx_http_scgi_module	http,server,location	1		size		once			4k|8k
scgi_buffering	ngx_http_scgi_module	http,server,location	1		on|off		once			on
scgi_buffers	ngx_http_scgi_module	http,server,location	2		count size		once			8 4k|8k
scgi_busy_buffers_size	ngx_http_scgi_module	http,server,location	1		size		once			8k|16k
scgi_cache	ngx_http_scgi_module	http,server,location	1				once			off
scgi_cache_background_update	ngx_http_scgi_module	http,server,location	1		on|off		once	1.11.10		off
scgi_cache_bypass	ngx_http_scgi_module	http,server,location	1+		predicates					
scgi_cache_key	ngx_http_scgi_module	http,server,location	1				once			
scgi_cache_lock	ngx_http_scgi_module	http,server,location	1		on|off		once	1.1.12		off
scgi_cache_lock_age	ngx_http_scgi_module	http,server,location	1		time-ms		once	1.7.8		5s
scgi_cache_lock_timeout	ngx_http_scgi_module	http,server,location	1		time-ms		once	1.1.12		5s
scgi_cache_max_range_offset	ngx_http_scgi_module	http,server,location	1		offset		once	1.11.6		
scgi_cache_methods	ngx_http_scgi_module	http,server,location	1+		words	GET HEAD POST				GET HEAD
scgi_cache_min_uses	ngx_http_scgi_module	http,server,location	1		number		once			1
scgi_cache_path	ngx_http_scgi_module	http	2+							
scgi_cache_revalidate	ngx_http_scgi_module	http,server,location	1		on|off		once	1.5.7		off
scgi_cache_use_stale	ngx_http_scgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				off
scgi_cache_valid	ngx_http_scgi_module	http,server,location	1+							
scgi_connect_timeout	ngx_http_scgi_module	http,server,location	1		time-ms		once			60s
scgi_force_ranges	ngx_http_scgi_module	http,server,location	1		on|off		once	1.7.7		off
scgi_hide_header	ngx_http_scgi_module	http,server,location	1		list					
scgi_ignore_client_abort	ngx_http_scgi_module	http,server,location	1		on|off		once			off
scgi_ignore_headers	ngx_http_scgi_module	http,server,location	1+		words	X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary				
scgi_intercept_errors	ngx_http_scgi_module	http,server,location	1		on|off		once			off
scgi_limit_rate	ngx_http_scgi_module	http,server,location	1		size		once	1.7.7		0
scgi_max_temp_file_size	ngx_http_scgi_module	http,server,location	1		size		once			1024m
scgi_next_upstream	ngx_http_scgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				error timeout
scgi_next_upstream_timeout	ngx_http_scgi_module	http,server,location	1		time-ms		once	1.7.5		0
scgi_next_upstream_tries	ngx_http_scgi_module	http,server,location	1		number		once	1.7.5		0
scgi_no_cache	ngx_http_scgi_module	http,server,location	1+		predicates					
scgi_param	ngx_http_scgi_module	http,server,location	2|3							HTTP_HOST $host$is_request_port$request_port
scgi_pass	ngx_http_scgi_module	location,if-in-location	1				once			
scgi_pass_header	ngx_http_scgi_module	http,server,location	1		list					
scgi_pass_request_body	ngx_http_scgi_module	http,server,location	1		on|off		once			on
scgi_pass_request_headers	ngx_http_scgi_module	http,server,location	1		on|off		once			on
scgi_read_timeout	ngx_http_scgi_module	http,server,location	1		time-ms		once			60s
scgi_request_buffering	ngx_http_scgi_module	http,server,location	1		on|off		once	1.7.11		on
scgi_send_timeout	ngx_http_scgi_module	http,server,location	1		time-ms		once			60s
scgi_socket_keepalive	ngx_http_scgi_module	http,server,location	1		on|off		once	1.15.6		off
scgi_socket_rcvbuf	ngx_http_scgi_module	http,server,location	1		size		once	1.29.0		
scgi_socket_sndbuf	ngx_http_scgi_module	http,server,location	1		size		once	1.29.0		
scgi_store	ngx_http_scgi_module	http,server,location	1				once			off
scgi_store_access	ngx_http_scgi_module	http,server,location	1|2|3		access		once			user:rw
scgi_temp_file_write_size	ngx_http_scgi_module	http,server,location	1		size		once			8k|16k
scgi_temp_path	ngx_http_scgi_module	http,server,location	1|2|3|4		path		once			scgi_temp
secure_link	ngx_http_secure_link_module	http,server,location	1		complex		once			
secure_link_md5	ngx_http_secure_link_module	http,server,location	1		complex		once			
secure_link_secret	ngx_http_secure_link_module	http,server,location	1		string		once			
send_lowat	ngx_http_core_module	http,server,location	1		size		once			0
send_timeout	ngx_http_core_module	http,server,location	1		time-ms		once			60s
sendfile	ngx_http_core_module	http,server,location,if-in-location	1		on|off		once			off
sendfile_max_chunk	ngx_http_core_module	http,server,location	1		size		once			2m
server	ngx_http_core_module	http	0	block						
server	ngx_http_upstream	upstream	1+							
server	ngx_mail_core_module	mail	0	block						
server	ngx_stream_core_module	stream	0	block						
server	ngx_stream_upstream	stream-upstream	1+							
server_name	ngx_http_core_module	server	1+							""
server_name	ngx_mail_core_module	mail,mail-server	1		string		once			hostname
server_name	ngx_stream_core_module	stream-server	1+					1.25.5		""
server_name_in_redirect	ngx_http_core_module	http,server,location	1		on|off		once			off
server_names_hash_bucket_size	ngx_http_core_module	http	1		number		once			32|64|128
server_names_hash_bucket_size	ngx_stream_core_module	stream	1		number		once	1.25.5		32|64|128
server_names_hash_max_size	ngx_http_core_module	http	1		number		once			512
server_names_hash_max_size	ngx_stream_core_module	stream	1		number		once	1.25.5		512
server_tokens	ngx_http_core_module	http,server,location	1		word	off on build	once			on
set	ngx_http_rewrite_module	server,location,if-in-server,if-in-location	2							
set	ngx_stream_set_module	stream-server	2							
set_real_ip_from	ngx_http_realip_module	http,server,location	1							
set_real_ip_from	ngx_mail_realip_module	mail,mail-server	1							
set_real_ip_from	ngx_stream_realip_module	stream,stream-server	1							
slice	ngx_http_slice_filter_module	http,server,location	1		size		once	1.9.8		0
smtp_auth	ngx_mail_smtp_module	mail,mail-server	1+		words	plain login cram-md5 external none				plain login
smtp_capabilities	ngx_mail_smtp_module	mail,mail-server	1+							
smtp_client_buffer	ngx_mail_smtp_module	mail,mail-server	1		size		once			4k|8k
smtp_greeting_delay	ngx_mail_smtp_module	mail,mail-server	1		time-ms		once			0
source_charset	ngx_http_charset_filter_module	http,server,location,if-in-location	1				once			
spdy_chunk_size	ngx_http_v2_module	http,server,location	1						1.19.7	
spdy_headers_comp	ngx_http_v2_module	http,server	1						1.19.7	
spdy_keepalive_timeout	ngx_http_v2_module	http,server	1						1.19.7	
spdy_max_concurrent_streams	ngx_http_v2_module	http,server	1						1.19.7	
spdy_pool_size	ngx_http_v2_module	http,server	1						1.19.7	
spdy_recv_buffer_size	ngx_http_v2_module	http	1						1.19.7	
spdy_recv_timeout	ngx_http_v2_module	http,server	1						1.19.7	
spdy_streams_index_size	ngx_http_v2_module	http,server	1						1.19.7	
split_clients	ngx_http_split_clients_module	http	2	block						
split_clients	ngx_stream_split_clients_module	stream	2	block						
ssi	ngx_http_ssi_filter_module	http,server,location,if-in-location	1		on|off		once			off
ssi_ignore_recycled_buffers	ngx_http_ssi_filter_module	http,server,location	1		on|off		once			
ssi_last_modified	ngx_http_ssi_filter_module	http,server,location	1		on|off		once	1.5.1		off
ssi_min_file_chunk	ngx_http_ssi_filter_module	http,server,location	1		size		once			1k
ssi_silent_errors	ngx_http_ssi_filter_module	http,server,location	1		on|off		once			off
ssi_types	ngx_http_ssi_filter_module	http,server,location	1+		types					text/html
ssi_value_length	ngx_http_ssi_filter_module	http,server,location	1		size		once			256
ssl	ngx_http_ssl_module	http,server	1		on|off		once		1.25.1	off
ssl	ngx_mail_ssl_module	mail,mail-server	1		on|off		once		1.25.1	off
ssl_alpn	ngx_stream_ssl_module	stream,stream-server	1+				once			
ssl_buffer_size	ngx_http_ssl_module	http,server	1		size		once	1.5.9		16k
ssl_certificate	ngx_http_ssl_module	http,server	1		list					
ssl_certificate	ngx_mail_ssl_module	mail,mail-server	1		list					
ssl_certificate	ngx_stream_ssl_module	stream,stream-server	1		list					
ssl_certificate_cache	ngx_http_ssl_module	http,server	1|2|3					1.27.4		off
ssl_certificate_cache	ngx_stream_ssl_module	stream,stream-server	1|2|3					1.27.4		off
ssl_certificate_compression	ngx_http_ssl_module	http,server	1		on|off		once	1.29.1		off
ssl_certificate_compression	ngx_mail_ssl_module	mail,mail-server	1		on|off		once	1.29.1		off
ssl_certificate_compression	ngx_stream_ssl_module	stream,stream-server	1		on|off		once	1.29.1		off
ssl_certificate_key	ngx_http_ssl_module	http,server	1		list					
ssl_certificate_key	ngx_mail_ssl_module	mail,mail-server	1		list					
ssl_certificate_key	ngx_stream_ssl_module	stream,stream-server	1		list					
ssl_ciphers	ngx_http_ssl_module	http,server	1		string		once			HIGH:!aNULL:!MD5
ssl_ciphers	ngx_mail_ssl_module	mail,mail-server	1		string		once			HIGH:!aNULL:!MD5
ssl_ciphers	ngx_stream_ssl_module	stream,stream-server	1		string		once			HIGH:!aNULL:!MD5
ssl_client_certificate	ngx_http_ssl_module	http,server	1		string		once			
ssl_client_certificate	ngx_mail_ssl_module	mail,mail-server	1		string		once			
ssl_client_certificate	ngx_stream_ssl_module	stream,stream-server	1		string		once			
ssl_conf_command	ngx_http_ssl_module	http,server	2		key value			1.19.4		
ssl_conf_command	ngx_mail_ssl_module	mail,mail-server	2		key value			1.19.4		
ssl_conf_command	ngx_stream_ssl_module	stream,stream-server	2		key value			1.19.4		
ssl_crl	ngx_http_ssl_module	http,server	1		string		once			
ssl_crl	ngx_mail_ssl_module	mail,mail-server	1		string		once			
ssl_crl	ngx_stream_ssl_module	stream,stream-server	1		string		once			
ssl_dhparam	ngx_http_ssl_module	http,server	1		string		once			
ssl_dhparam	ngx_mail_ssl_module	mail,mail-server	1		string		once			
ssl_dhparam	ngx_stream_ssl_module	stream,stream-server	1		string		once			
ssl_early_data	ngx_http_ssl_module	http,server	1		on|off		once	1.15.3		off
ssl_ecdh_curve	ngx_http_ssl_module	http,server	1		string		once			auto
ssl_ecdh_curve	ngx_mail_ssl_module	mail,mail-server	1		string		once			auto
ssl_ecdh_curve	ngx_stream_ssl_module	stream,stream-server	1		string		once			auto
ssl_ech_file	ngx_http_ssl_module	http,server	1		string		once	1.29.4		
ssl_ech_file	ngx_stream_ssl_module	stream,stream-server	1		string		once	1.29.4		
ssl_engine	ngx_event_openssl	main	1							
ssl_handshake_timeout	ngx_stream_ssl_module	stream,stream-server	1		time-ms		once			60s
ssl_object_cache_inheritable	ngx_event_openssl_cache	main	1		on|off		once	1.27.4		on
ssl_ocsp	ngx_http_ssl_module	http,server	1		word	off on leaf	once	1.19.0		off
ssl_ocsp	ngx_stream_ssl_module	stream,stream-server	1		word	off on leaf	once	1.27.2		off
ssl_ocsp_cache	ngx_http_ssl_module	http,server	1				once	1.19.0		off
ssl_ocsp_cache	ngx_stream_ssl_module	stream,stream-server	1					1.27.2		off
ssl_ocsp_responder	ngx_http_ssl_module	http,server	1		string		once	1.19.0		
ssl_ocsp_responder	ngx_stream_ssl_module	stream,stream-server	1		string		once	1.27.2		
ssl_password_file	ngx_http_ssl_module	http,server	1				once	1.7.3		
ssl_password_file	ngx_mail_ssl_module	mail,mail-server	1				once	1.7.3		
ssl_password_file	ngx_stream_ssl_module	stream,stream-server	1				once	1.7.3		
ssl_prefer_server_ciphers	ngx_http_ssl_module	http,server	1		on|off		once			off
ssl_prefer_server_ciphers	ngx_mail_ssl_module	mail,mail-server	1		on|off		once			off
ssl_prefer_server_ciphers	ngx_stream_ssl_module	stream,stream-server	1		on|off		once			off
ssl_preread	ngx_stream_ssl_preread_module	stream,stream-server	1		on|off		once			off
ssl_protocols	ngx_http_ssl_module	http,server	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3				TLSv1.2 TLSv1.3
ssl_protocols	ngx_mail_ssl_module	mail,mail-server	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3				TLSv1.2 TLSv1.3
ssl_protocols	ngx_stream_ssl_module	stream,stream-server	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3				TLSv1.2 TLSv1.3
ssl_reject_handshake	ngx_http_ssl_module	http,server	1		on|off		once	1.19.4		off
ssl_reject_handshake	ngx_stream_ssl_module	stream,stream-server	1		on|off		once	1.25.5		off
ssl_session_cache	ngx_http_ssl_module	http,server	1|2							none
ssl_session_cache	ngx_mail_ssl_module	mail,mail-server	1|2							none
ssl_session_cache	ngx_stream_ssl_module	stream,stream-server	1|2							none
ssl_session_ticket_key	ngx_http_ssl_module	http,server	1		list			1.5.7		
ssl_session_ticket_key	ngx_mail_ssl_module	mail,mail-server	1		list			1.5.7		
ssl_session_ticket_key	ngx_stream_ssl_module	stream,stream-server	1		list			1.5.7		
ssl_session_tickets	ngx_http_ssl_module	http,server	1		on|off		once	1.5.9		on
ssl_session_tickets	ngx_mail_ssl_module	mail,mail-server	1		on|off		once	1.5.9		on
ssl_session_tickets	ngx_stream_ssl_module	stream,stream-server	1		on|off		once	1.5.9		on
ssl_session_timeout	ngx_http_ssl_module	http,server	1		time-s		once			5m
ssl_session_timeout	ngx_mail_ssl_module	mail,mail-server	1		time-s		once			5m
ssl_session_timeout	ngx_stream_ssl_module	stream,stream-server	1		time-s		once			5m
ssl_stapling	ngx_http_ssl_module	http,server	1		on|off		once	1.3.7		off
ssl_stapling	ngx_stream_ssl_module	stream,stream-server	1		on|off		once	1.27.2		off
ssl_stapling_file	ngx_http_ssl_module	http,server	1		string		once	1.3.7		
ssl_stapling_file	ngx_stream_ssl_module	stream,stream-server	1		string		once	1.27.2		
ssl_stapling_responder	ngx_http_ssl_module	http,server	1		string		once	1.3.7		
ssl_stapling_responder	ngx_stream_ssl_module	stream,stream-server	1		string		once	1.27.2		
ssl_stapling_verify	ngx_http_ssl_module	http,server	1		on|off		once	1.3.7		off
ssl_stapling_verify	ngx_stream_ssl_module	stream,stream-server	1		on|off		once	1.27.2		off
ssl_trusted_certificate	ngx_http_ssl_module	http,server	1		string		once	1.3.7		
ssl_trusted_certificate	ngx_mail_ssl_module	mail,mail-server	1		string		once			
ssl_trusted_certificate	ngx_stream_ssl_module	stream,stream-server	1		string		once			
ssl_verify_client	ngx_http_ssl_module	http,server	1		word	off on optional optional_no_ca	once			off
ssl_verify_client	ngx_mail_ssl_module	mail,mail-server	1		word	off on optional optional_no_ca	once			off
ssl_verify_client	ngx_stream_ssl_module	stream,stream-server	1		word	off on optional optional_no_ca	once			off
ssl_verify_depth	ngx_http_ssl_module	http,server	1		number		once			1
ssl_verify_depth	ngx_mail_ssl_module	mail,mail-server	1		number		once			1
ssl_verify_depth	ngx_stream_ssl_module	stream,stream-server	1		number		once			1
starttls	ngx_mail_ssl_module	mail,mail-server	1		word	off on only	once			off
sticky	ngx_http_upstream_sticky_module	upstream	2+					1.29.6		
stream	ngx_stream	main	0	block			once	1.9.0		
stub_status	ngx_http_stub_status_module	server,location	0|1							
sub_filter	ngx_http_sub_filter_module	http,server,location	2							
sub_filter_last_modified	ngx_http_sub_filter_module	http,server,location	1		on|off		once	1.5.1		off
sub_filter_once	ngx_http_sub_filter_module	http,server,location	1		on|off		once			on
sub_filter_types	ngx_http_sub_filter_module	http,server,location	1+		types					text/html
subrequest_output_buffer_size	ngx_http_core_module	http,server,location	1		size		once	1.13.10		4k|8k
tcp_nodelay	ngx_http_core_module	http,server,location	1		on|off		once			on
tcp_nodelay	ngx_stream_core_module	stream,stream-server	1		on|off		once			on
tcp_nopush	ngx_http_core_module	http,server,location	1		on|off		once			off
thread_pool	ngx_thread_pool	main	2|3					1.7.11		default threads=32 max_queue=65536
timeout	ngx_mail_core_module	mail,mail-server	1		time-ms		once			60s
timer_resolution	nginx	main	1		time-ms		once			
try_files	ngx_http_try_files_module	server,location	2+				once			
tunnel_bind	ngx_http_tunnel_module	http,server,location	1|2					1.29.0		
tunnel_buffer_size	ngx_http_tunnel_module	http,server,location	1		size		once	1.29.0		16k
tunnel_connect_timeout	ngx_http_tunnel_module	http,server,location	1		time-ms		once	1.29.0		60s
tunnel_next_upstream	ngx_http_tunnel_module	http,server,location	1+		words			1.29.0		error timeout
tunnel_next_upstream_timeout	ngx_http_tunnel_module	http,server,location	1		time-ms		once	1.29.0		0
tunnel_next_upstream_tries	ngx_http_tunnel_module	http,server,location	1		number		once	1.29.0		0
tunnel_pass	ngx_http_tunnel_module	server,location,if-in-location	0|1					1.29.0		
tunnel_read_timeout	ngx_http_tunnel_module	http,server,location	1		time-ms		once	1.29.0		60s
tunnel_send_lowat	ngx_http_tunnel_module	http,server,location	1		size		once	1.29.0		0
tunnel_send_timeout	ngx_http_tunnel_module	http,server,location	1		time-ms		once	1.29.0		60s
tunnel_socket_keepalive	ngx_http_tunnel_module	http,server,location	1		on|off		once	1.29.0		off
tunnel_socket_rcvbuf	ngx_http_tunnel_module	http,server,location	1		size		once	1.29.0		
tunnel_socket_sndbuf	ngx_http_tunnel_module	http,server,location	1		size		once	1.29.0		
types	ngx_http_core_module	http,server,location	0	block						text/html html; image/gif gif; image/jpeg jpg;
types_hash_bucket_size	ngx_http_core_module	http,server,location	1		number		once			64
types_hash_max_size	ngx_http_core_module	http,server,location	1		number		once			1024
underscores_in_headers	ngx_http_core_module	http,server	1		on|off		once			off
uninitialized_variable_warn	ngx_http_rewrite_module	http,server,location,if-in-server,if-in-location	1		on|off		once			on
upstream	ngx_http_upstream	http	1	block						
upstream	ngx_stream_upstream	stream	1	block						
use	ngx_event	events	1				once			
user	nginx	main	1|2				once			nobody nobody
userid	ngx_http_userid_filter_module	http,server,location	1		word	off log v1 on	once			off
userid_domain	ngx_http_userid_filter_module	http,server,location	1		string		once			none
userid_expires	ngx_http_userid_filter_module	http,server,location	1				once			off
userid_flags	ngx_http_userid_filter_module	http,server,location	1|2|3		words	off secure httponly samesite=strict samesite=lax samesite=none		1.19.3		off
userid_mark	ngx_http_userid_filter_module	http,server,location	1				once			off
userid_name	ngx_http_userid_filter_module	http,server,location	1		string		once			uid
userid_p3p	ngx_http_userid_filter_module	http,server,location	1		string		once			none
userid_path	ngx_http_userid_filter_module	http,server,location	1		string		once			/
userid_service	ngx_http_userid_filter_module	http,server,location	1		number		once			IP address of the server
uwsgi_bind	ngx_http_uwsgi_module	http,server,location	1|2		bind		once			
uwsgi_buffer_size	ngx_http_uwsgi_module	http,server,location	1		size		once			4k|8k
uwsgi_buffering	ngx_http_uwsgi_module	http,server,location	1		on|off		once			on
uwsgi_buffers	ngx_http_uwsgi_module	http,server,location	2		count size		once			8 4k|8k
uwsgi_busy_buffers_size	ngx_http_uwsgi_module	http,server,location	1		size		once			8k|16k
uwsgi_cache	ngx_http_uwsgi_module	http,server,location	1				once			off
uwsgi_cache_background_update	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.11.10		off
uwsgi_cache_bypass	ngx_http_uwsgi_module	http,server,location	1+		predicates					
uwsgi_cache_key	ngx_http_uwsgi_module	http,server,location	1				once			
uwsgi_cache_lock	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.1.12		off
uwsgi_cache_lock_age	ngx_http_uwsgi_module	http,server,location	1		time-ms		once	1.7.8		5s
uwsgi_cache_lock_timeout	ngx_http_uwsgi_module	http,server,location	1		time-ms		once	1.1.12		5s
uwsgi_cache_max_range_offset	ngx_http_uwsgi_module	http,server,location	1		offset		once	1.11.6		
uwsgi_cache_methods	ngx_http_uwsgi_module	http,server,location	1+		words	GET HEAD POST				GET HEAD
uwsgi_cache_min_uses	ngx_http_uwsgi_module	http,server,location	1		number		once			1
uwsgi_cache_path	ngx_http_uwsgi_module	http	2+							
uwsgi_cache_revalidate	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.5.7		off
uwsgi_cache_use_stale	ngx_http_uwsgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				off
uwsgi_cache_valid	ngx_http_uwsgi_module	http,server,location	1+							
uwsgi_connect_timeout	ngx_http_uwsgi_module	http,server,location	1		time-ms		once			60s
uwsgi_force_ranges	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.7.7		off
uwsgi_hide_header	ngx_http_uwsgi_module	http,server,location	1		list					
uwsgi_ignore_client_abort	ngx_http_uwsgi_module	http,server,location	1		on|off		once			off
uwsgi_ignore_headers	ngx_http_uwsgi_module	http,server,location	1+		words	X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary				
uwsgi_intercept_errors	ngx_http_uwsgi_module	http,server,location	1		on|off		once			off
uwsgi_limit_rate	ngx_http_uwsgi_module	http,server,location	1		size		once	1.7.7		0
uwsgi_max_temp_file_size	ngx_http_uwsgi_module	http,server,location	1		size		once			1024m
uwsgi_modifier1	ngx_http_uwsgi_module	http,server,location	1		number	0..255	once			0
uwsgi_modifier2	ngx_http_uwsgi_module	http,server,location	1		number	0..255	once			0
uwsgi_next_upstream	ngx_http_uwsgi_module	http,server,location	1+		words	error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 updating off				error timeout
uwsgi_next_upstream_timeout	ngx_http_uwsgi_module	http,server,location	1		time-ms		once	1.7.5		0
uwsgi_next_upstream_tries	ngx_http_uwsgi_module	http,server,location	1		number		once	1.7.5		0
uwsgi_no_cache	ngx_http_uwsgi_module	http,server,location	1+		predicates					
uwsgi_param	ngx_http_uwsgi_module	http,server,location	2|3							HTTP_HOST $host$is_request_port$request_port
uwsgi_pass	ngx_http_uwsgi_module	location,if-in-location	1				once			
uwsgi_pass_header	ngx_http_uwsgi_module	http,server,location	1		list					
uwsgi_pass_request_body	ngx_http_uwsgi_module	http,server,location	1		on|off		once			on
uwsgi_pass_request_headers	ngx_http_uwsgi_module	http,server,location	1		on|off		once			on
uwsgi_read_timeout	ngx_http_uwsgi_module	http,server,location	1		time-ms		once			60s
uwsgi_request_buffering	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.7.11		on
uwsgi_send_timeout	ngx_http_uwsgi_module	http,server,location	1		time-ms		once			60s
uwsgi_socket_keepalive	ngx_http_uwsgi_module	http,server,location	1		on|off		once	1.15.6		off
uwsgi_socket_rcvbuf	ngx_http_uwsgi_module	http,server,location	1		size		once	1.29.0		
uwsgi_socket_sndbuf	ngx_http_uwsgi_module	http,server,location	1		size		once	1.29.0		
uwsgi_ssl_certificate	ngx_http_uwsgi_module	http,server,location	1		complex		once			
uwsgi_ssl_certificate_cache	ngx_http_uwsgi_module	http,server,location	1|2|3					1.27.4		off
uwsgi_ssl_certificate_key	ngx_http_uwsgi_module	http,server,location	1		complex		once			
uwsgi_ssl_ciphers	ngx_http_uwsgi_module	http,server,location	1		string		once			DEFAULT
uwsgi_ssl_conf_command	ngx_http_uwsgi_module	http,server,location	2		key value			1.19.4		
uwsgi_ssl_crl	ngx_http_uwsgi_module	http,server,location	1		string		once			
uwsgi_ssl_name	ngx_http_uwsgi_module	http,server,location	1		complex		once			host from uwsgi_pass
uwsgi_ssl_password_file	ngx_http_uwsgi_module	http,server,location	1				once			
uwsgi_ssl_protocols	ngx_http_uwsgi_module	http,server,location	1+		words	SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3				TLSv1.2 TLSv1.3
uwsgi_ssl_server_name	ngx_http_uwsgi_module	http,server,location	1		on|off		once			off
uwsgi_ssl_session_reuse	ngx_http_uwsgi_module	http,server,location	1		on|off		once			on
uwsgi_ssl_trusted_certificate	ngx_http_uwsgi_module	http,server,location	1		string		once			
uwsgi_ssl_verify	ngx_http_uwsgi_module	http,server,location	1		on|off		once			off
uwsgi_ssl_verify_depth	ngx_http_uwsgi_module	http,server,location	1		number		once			1
uwsgi_store	ngx_http_uwsgi_module	http,server,location	1				once			off
uwsgi_store_access	ngx_http_uwsgi_module	http,server,location	1|2|3		access		once			user:rw
uwsgi_string	ngx_http_uwsgi_module	http,server,location	1		string		once			
uwsgi_temp_file_write_size	ngx_http_uwsgi_module	http,server,location	1		size		once			8k|16k
uwsgi_temp_path	ngx_http_uwsgi_module	http,server,location	1|2|3|4		path		once			uwsgi_temp
valid_referers	ngx_http_referer_module	server,location	1+							
variables_hash_bucket_size	ngx_http_core_module	http	1		number		once			64
variables_hash_bucket_size	ngx_stream_core_module	stream	1		number		once			64
variables_hash_max_size	ngx_http_core_module	http	1		number		once			1024
variables_hash_max_size	ngx_stream_core_module	stream	1		number		once			1024
worker_aio_requests	ngx_epoll_module	events	1		number		once	1.1.4		32
worker_connections	ngx_event	events	1				once			512
worker_cpu_affinity	nginx	main	1+				once			
worker_priority	nginx	main	1				once			0
worker_processes	nginx	main	1				once			1
worker_rlimit_core	nginx	main	1		offset		once			
worker_rlimit_nofile	nginx	main	1		number		once			
worker_shutdown_timeout	nginx	main	1		time-ms		once	1.11.11		
working_directory	nginx	main	1		string		once			
xclient	ngx_mail_proxy_module	mail,mail-server	1		on|off		once			on
xml_entities	ngx_http_xslt_filter_module	http,server,location	1							
xml_external_entities	ngx_http_xslt_filter_module	http,server,location	1		on|off		once	1.29.0		off
xslt_last_modified	ngx_http_xslt_filter_module	http,server,location	1		on|off		once	1.5.1		off
xslt_param	ngx_http_xslt_filter_module	http,server,location	2							
xslt_string_param	ngx_http_xslt_filter_module	http,server,location	2							
xslt_stylesheet	ngx_http_xslt_filter_module	location	1+							
xslt_types	ngx_http_xslt_filter_module	http,server,location	1+		types					text/xml
zone	ngx_http_upstream_zone_module	upstream	1|2					1.9.0		
zone	ngx_stream_upstream_zone_module	stream-upstream	1|2					1.9.0		`

/** variable, program, flags. */
export const NGINX_VARIABLES = `acme_certificate	http	
acme_certificate_key	http	
ancient_browser	http	changeable
arg_	http	prefix
args	http	changeable
binary_remote_addr	http	
body_bytes_sent	http	
bytes_sent	http	
connection	http	
connection_requests	http	
connection_time	http	
connections_active	http	
connections_reading	http	
connections_waiting	http	
connections_writing	http	
content_length	http	
content_type	http	
cookie_	http	prefix
date_gmt	http	
date_local	http	
document_root	http	
document_uri	http	
fastcgi_path_info	http	
fastcgi_script_name	http	
geoip_area_code	http	
geoip_city	http	
geoip_city_continent_code	http	
geoip_city_country_code	http	
geoip_city_country_code3	http	
geoip_city_country_name	http	
geoip_country_code	http	
geoip_country_code3	http	
geoip_country_name	http	
geoip_dma_code	http	
geoip_latitude	http	
geoip_longitude	http	
geoip_org	http	
geoip_postal_code	http	
geoip_region	http	
geoip_region_name	http	
grpc_internal_trailers	http	
gzip_ratio	http	
host	http	
hostname	http	
http2	http	
http3	http	
http_	http	prefix
http_cookie	http	
http_host	http	
http_referer	http	
http_user_agent	http	
http_via	http	
http_x_forwarded_for	http	
https	http	
invalid_referer	http	changeable
is_args	http	
is_request_port	http	
jwt_claim_	http	prefix
jwt_header_	http	prefix
jwt_payload	http	
limit_conn_status	http	
limit_rate	http	changeable
limit_req_status	http	
modern_browser	http	changeable
msec	http	
msie	http	changeable
nginx_version	http	
oidc_access_token	http	
oidc_claim_	http	prefix
oidc_id_token	http	
oidc_userinfo	http	
otel_parent_id	http	
otel_parent_sampled	http	
otel_span_id	http	
otel_trace_id	http	
pid	http	
pipe	http	
proxy_add_x_forwarded_for	http	
proxy_host	http	changeable
proxy_internal_body_length	http	
proxy_internal_chunked	http	
proxy_port	http	changeable
proxy_protocol_addr	http	
proxy_protocol_port	http	
proxy_protocol_server_addr	http	
proxy_protocol_server_port	http	
proxy_protocol_tlv_	http	prefix
query_string	http	
realip_remote_addr	http	
realip_remote_port	http	
realpath_root	http	
remote_addr	http	
remote_port	http	
remote_user	http	
request	http	
request_body	http	
request_body_file	http	
request_completion	http	
request_filename	http	
request_id	http	
request_length	http	
request_method	http	
request_port	http	
request_time	http	
request_uri	http	
scheme	http	
secure_link	http	
secure_link_expires	http	
sent_http_	http	prefix
sent_http_cache_control	http	
sent_http_connection	http	
sent_http_content_length	http	
sent_http_content_type	http	
sent_http_keep_alive	http	
sent_http_last_modified	http	
sent_http_link	http	
sent_http_location	http	
sent_http_transfer_encoding	http	
sent_trailer_	http	prefix
server_addr	http	
server_name	http	
server_port	http	
server_protocol	http	
session_log_binary_id	http	
session_log_id	http	
slice_range	http	
ssl_alpn_protocol	http	changeable
ssl_cipher	http	changeable
ssl_ciphers	http	changeable
ssl_client_cert	http	changeable
ssl_client_escaped_cert	http	changeable
ssl_client_fingerprint	http	changeable
ssl_client_i_dn	http	changeable
ssl_client_i_dn_legacy	http	changeable
ssl_client_raw_cert	http	changeable
ssl_client_s_dn	http	changeable
ssl_client_s_dn_legacy	http	changeable
ssl_client_serial	http	changeable
ssl_client_sigalg	http	
ssl_client_v_end	http	changeable
ssl_client_v_remain	http	changeable
ssl_client_v_start	http	changeable
ssl_client_verify	http	changeable
ssl_curve	http	changeable
ssl_curves	http	changeable
ssl_early_data	http	changeable
ssl_ech_outer_server_name	http	
ssl_ech_status	http	
ssl_protocol	http	changeable
ssl_server_name	http	changeable
ssl_session_id	http	changeable
ssl_session_reused	http	changeable
ssl_sigalg	http	
ssl_sigalgs	http	
status	http	
tcpinfo_rcv_space	http	
tcpinfo_rtt	http	
tcpinfo_rttvar	http	
tcpinfo_snd_cwnd	http	
time_iso8601	http	
time_iso8601_ms	http	
time_local	http	
uid_got	http	
uid_reset	http	changeable
uid_set	http	
upstream_addr	http	
upstream_bytes_received	http	
upstream_bytes_sent	http	
upstream_cache_etag	http	
upstream_cache_last_modified	http	
upstream_cache_status	http	
upstream_connect_time	http	
upstream_cookie_	http	prefix
upstream_header_time	http	
upstream_http_	http	prefix
upstream_last_addr	http	
upstream_last_server_name	http	
upstream_queue_time	http	
upstream_response_length	http	
upstream_response_time	http	
upstream_status	http	
upstream_trailer_	http	prefix
uri	http	
binary_remote_addr	stream	
bytes_received	stream	
bytes_sent	stream	
connection	stream	
hostname	stream	
limit_conn_status	stream	
mqtt_preread_clientid	stream	
mqtt_preread_username	stream	
msec	stream	
nginx_version	stream	
pid	stream	
protocol	stream	
proxy_protocol_addr	stream	
proxy_protocol_port	stream	
proxy_protocol_server_addr	stream	
proxy_protocol_server_port	stream	
proxy_protocol_tlv_	stream	prefix
realip_remote_addr	stream	
realip_remote_port	stream	
remote_addr	stream	
remote_port	stream	
server_addr	stream	
server_port	stream	
session_time	stream	
ssl_alpn_protocol	stream	changeable
ssl_cipher	stream	changeable
ssl_ciphers	stream	changeable
ssl_client_cert	stream	changeable
ssl_client_escaped_cert	stream	changeable
ssl_client_fingerprint	stream	changeable
ssl_client_i_dn	stream	changeable
ssl_client_raw_cert	stream	changeable
ssl_client_s_dn	stream	changeable
ssl_client_serial	stream	changeable
ssl_client_sigalg	stream	
ssl_client_v_end	stream	changeable
ssl_client_v_remain	stream	changeable
ssl_client_v_start	stream	changeable
ssl_client_verify	stream	changeable
ssl_curve	stream	changeable
ssl_curves	stream	changeable
ssl_ech_outer_server_name	stream	
ssl_ech_status	stream	
ssl_preread_alpn_protocols	stream	
ssl_preread_protocol	stream	
ssl_preread_server_name	stream	
ssl_protocol	stream	changeable
ssl_server_name	stream	changeable
ssl_session_id	stream	changeable
ssl_session_reused	stream	changeable
ssl_sigalg	stream	
ssl_sigalgs	stream	
status	stream	
time_iso8601	stream	
time_iso8601_ms	stream	
time_local	stream	
upstream_addr	stream	
upstream_bytes_received	stream	
upstream_bytes_sent	stream	
upstream_connect_time	stream	
upstream_first_byte_time	stream	
upstream_last_addr	stream	
upstream_session_time	stream	`

/** third-party module, what `load_module` calls it, its directives (`*` at either end matches the rest). */
export const NGINX_EXTERNAL = `lua	ngx_http_lua_module ngx_stream_lua_module ndk_http_module	lua_* *_by_lua *_by_lua_block *_by_lua_file access_by_lua_no_postpone rewrite_by_lua_no_postpone preread_by_lua_no_postpone
mruby	ngx_http_mruby_module ngx_stream_mruby_module	mruby_*
headers-more	ngx_http_headers_more_filter_module	more_set_headers more_clear_headers more_set_input_headers more_clear_input_headers
brotli	ngx_http_brotli_filter_module ngx_http_brotli_static_module	brotli brotli_*
zstd	ngx_http_zstd_filter_module ngx_http_zstd_static_module	zstd zstd_*
geoip2	ngx_http_geoip2_module ngx_stream_geoip2_module	geoip2 geoip2_*
vts	ngx_http_vhost_traffic_status_module	vhost_traffic_status vhost_traffic_status_*
sts	ngx_http_stream_server_traffic_status_module ngx_stream_server_traffic_status_module	stream_server_traffic_status* server_traffic_status*
cache-purge	ngx_http_cache_purge_module	proxy_cache_purge fastcgi_cache_purge scgi_cache_purge uwsgi_cache_purge cache_purge_response_type
dav-ext	ngx_http_dav_ext_module	dav_ext_methods dav_ext_lock dav_ext_lock_zone
fancyindex	ngx_http_fancyindex_module	fancyindex fancyindex_*
passenger	ngx_http_passenger_module	passenger_* rails_* rack_env union_station_*
pagespeed	ngx_pagespeed	pagespeed*
modsecurity	ngx_http_modsecurity_module	modsecurity modsecurity_* ModSecurityEnabled ModSecurityConfig
naxsi	ngx_http_naxsi_module	SecRulesEnabled SecRulesDisabled DeniedUrl CheckRule BasicRule MainRule LearningMode NaxsiLogFile NaxsiLog LibInjectionSql LibInjectionXss libinjection_* IgnoreIP IgnoreCIDR basic_rule main_rule check_rule denied_url learning_mode rules_enabled rules_disabled secrules*
rtmp	ngx_rtmp_module	rtmp rtmp_* application hls_path dash dash_* push pull live record record_* exec exec_* on_publish on_play on_done on_connect on_disconnect notify_* chunk_size drop_idle_publisher idle_streams meta play play_* publish_time_fix recorder
nginx-vod	ngx_http_vod_module	vod vod_*
njs	ngx_http_js_module ngx_stream_js_module	js_*
otel	ngx_otel_module	otel_*
opentelemetry	otel_ngx_module ngx_http_opentelemetry_module	opentelemetry opentelemetry_* NginxModule*
opentracing	ngx_http_opentracing_module	opentracing opentracing_*
opencensus	ngx_http_opencensus_module	opencensus opencensus_*
datadog	ngx_http_datadog_module	datadog_*
acme	ngx_http_acme_module	acme_issuer acme_certificate acme_shared_zone
echo	ngx_http_echo_module	echo echo_*
set-misc	ngx_http_set_misc_module	set_if_empty set_quote_sql_str set_quote_pgsql_str set_quote_json_str set_unescape_uri set_escape_uri set_hashed_upstream set_encode_base32 set_decode_base32 set_encode_base64 set_decode_base64 set_encode_base64url set_decode_base64url set_encode_hex set_decode_hex set_sha1 set_md5 set_hmac_sha1 set_hmac_sha256 set_random set_secure_random_alphanum set_secure_random_lcalpha set_rotate set_local_today set_formatted_gmt_time set_formatted_local_time set_base32_* set_misc_*
encrypted-session	ngx_http_encrypted_session_module	set_encrypt_session set_decrypt_session encrypted_session_*
array-var	ngx_http_array_var_module	array_split array_join array_map array_map_op
memc	ngx_http_memc_module	memc_*
redis	ngx_http_redis_module ngx_http_redis2_module	redis_* redis2_*
drizzle	ngx_http_drizzle_module ngx_http_rds_json_filter_module ngx_postgres_module	drizzle_* rds_json* rds_csv* postgres_*
srcache	ngx_http_srcache_filter_module	srcache_*
xss	ngx_http_xss_filter_module	xss_*
form-input	ngx_http_form_input_module	set_form_input set_form_input_multi
auth-pam	ngx_http_auth_pam_module	auth_pam auth_pam_*
auth-ldap	ngx_http_auth_ldap_module	auth_ldap auth_ldap_* ldap_server
auth-jwt	ngx_http_auth_jwt_module	auth_jwt auth_jwt_* auth_jwt_require
auth-spnego	ngx_http_auth_spnego_module	auth_gss auth_gss_*
auth-digest	ngx_http_auth_digest_module	auth_digest auth_digest_*
auth-totp	ngx_http_auth_totp_module	auth_totp_*
upsync	ngx_http_upsync_module ngx_stream_upsync_module	upsync upsync_* upstream_show
upstream-check	ngx_http_upstream_check_module	check check_*
dyups	ngx_http_dyups_module	dyups_*
fair	ngx_http_upstream_fair_module	fair upstream_fair_shm_size
jdomain	ngx_http_upstream_jdomain_module	jdomain
consistent-hash	ngx_http_upstream_consistent_hash_module	consistent_hash
sticky	ngx_http_sticky_module	sticky_*
upload	ngx_http_upload_module	upload_*
upload-progress	ngx_http_uploadprogress_module	upload_progress upload_progress_* track_uploads report_uploads
zip	ngx_http_zip_module	zip_*
subs-filter	ngx_http_subs_filter_module	subs_filter subs_filter_*
replace-filter	ngx_http_replace_filter_module	replace_filter replace_filter_*
cookie-flag	ngx_http_cookie_flag_filter_module	set_cookie_flag
security-headers	ngx_http_security_headers_module	security_headers security_headers_* hide_server_tokens
length-hiding	ngx_http_length_hiding_filter_module	length_hiding length_hiding_max
testcookie	ngx_http_testcookie_access_module	testcookie testcookie_*
limit-traffic	ngx_http_limit_traffic_rate_filter_module	limit_traffic_rate limit_traffic_rate_zone
ndk	ndk_http_module	ndk_*
concat	ngx_http_concat_module	concat concat_*
trim	ngx_http_trim_filter_module	trim trim_*
footer	ngx_http_footer_filter_module	footer footer_types
nchan	ngx_nchan_module	nchan_* push_stream_* push_publisher push_subscriber
push-stream	ngx_http_push_stream_module	push_stream_* push_stream
mogilefs	ngx_http_mogilefs_module	mogilefs_*
eval	ngx_http_eval_module	eval eval_*
tcp-brutal	ngx_http_tcp_brutal_module	tcp_brutal tcp_brutal_*
ts	ngx_http_ts_module	ts ts_*
live-flv	ngx_http_flv_live_module	flv_live
image-small-light	ngx_http_small_light_module	small_light small_light_*
shib	ngx_http_shibboleth_module	shib_request shib_request_set shib_request_use_headers
iconv	ngx_http_iconv_module	set_iconv iconv_filter iconv_buffer_size
ipscrub	ngx_ipscrub_module	ipscrub_*
dynamic-tls	ngx_http_ssl_dyn_tls	ssl_dyn_rec_*
tls-fingerprint	ngx_http_ssl_fingerprint	ssl_ja3*
slowfs	ngx_http_slowfs_module	slowfs_*
sorted-querystring	ngx_http_sorted_querystring_module	sorted_querystring_*
stream-upstream-check	ngx_stream_upstream_check_module	check_shm_size
var	ngx_http_var_module	var
dynamic-upstream	ngx_http_dynamic_upstream_module	dynamic_upstream dynamic_upstream_*
keyval	ngx_http_keyval_module ngx_stream_keyval_module	keyval keyval_zone keyval_zone_redis
tongsuo	ngx_ssl_ntls	enable_ntls ssl_sign_certificate ssl_sign_certificate_key ssl_enc_certificate ssl_enc_certificate_key proxy_enable_ntls
angie	angie	api api_config_files auto_redirect status_zone acme acme_client acme_client_path acme_dns_port acme_http_port acme_hook metric metric_zone metric_complex_zone feedback docker_endpoint docker_max_object_size
tengine	tengine	req_status req_status_zone req_status_show server_info server_tag server_admin trim_js trim_css force_exit slice_* session_sticky session_sticky_* sysguard sysguard_* user_agent check_fastcgi_param proxy_request_buffering_* reqstatus_* vnswrr vnswrr_* iwrr iwrr_* debug_pool debug_conn debug_timer slab_stat xquic_* xudp_* dubbo_* tfs_* dynamic_resolve
nginx-plus	plus	health_check health_check_timeout match status status_format status_zone state ntlm queue keyval* session_log* zone_sync* f4f f4f_* hls hls_* mqtt mqtt_* num_map mgmt auth_oidc oidc_provider internal_redirect app_protect_* auth_require error_log_tag upstream_conf proxy_session_drop proxy_bind_dynamic *_allow_upstream *_bind_dynamic *_request_dynamic *_ssl_key_log ssl_key_log mp4_limit_rate mp4_limit_rate_after usage_report license_token enforce_initial_report stall_threshold least_conn_* js_*`
