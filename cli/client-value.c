/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/client-value.h"

#include "cli/print.h"

/* Arrays become arrays, dictionaries with text keys objects, structs arrays. */
static int read_container(sd_bus_message *m, char type, const char *contents, json_object **ret) {
        bool is_dictionary = type == 'a' && contents[0] == '{';
        json_object *container = is_dictionary ? json_object_new_object() : json_object_new_array();

        if (!container)
                return -ENOMEM;
        int r = sd_bus_message_enter_container(m, type, contents);
        while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0) {
                const char *key = NULL;
                json_object *value = NULL;
                if (is_dictionary) {
                        r = sd_bus_message_enter_container(m, 'e', NULL);
                        if (r >= 0)
                                r = sd_bus_message_read_basic(m, 's', &key);
                }
                if (r >= 0)
                        r = client_value_read(m, &value);
                if (r >= 0 && is_dictionary)
                        r = sd_bus_message_exit_container(m);
                if (r < 0) {
                        json_object_put(value);
                        break;
                }
                if (is_dictionary)
                        json_add(container, key, value);
                else
                        json_object_array_add(container, value);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0) {
                json_object_put(container);
                return r;
        }
        *ret = container;
        return 0;
}

int client_value_read(sd_bus_message *m, json_object **ret) {
        const char *contents = NULL, *text = NULL;
        char type = 0;
        uint64_t u64 = 0;
        double number = 0;
        uint32_t u32 = 0;
        int flag = 0;

        int r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        if (type == 'v') {
                r = sd_bus_message_enter_container(m, 'v', contents);
                if (r >= 0)
                        r = client_value_read(m, ret);
                return r < 0 ? r : sd_bus_message_exit_container(m);
        }
        if (type == 'a' || type == 'r')
                return read_container(m, type, contents, ret);
        if (type == 's' && (r = sd_bus_message_read_basic(m, type, &text)) >= 0)
                *ret = json_object_new_string(text);
        else if (type == 't' && (r = sd_bus_message_read_basic(m, type, &u64)) >= 0)
                *ret = json_object_new_uint64(u64);
        else if (type == 'u' && (r = sd_bus_message_read_basic(m, type, &u32)) >= 0)
                *ret = json_object_new_uint64(u32);
        else if (type == 'd' && (r = sd_bus_message_read_basic(m, type, &number)) >= 0)
                *ret = json_object_new_double(number);
        else if (type == 'b' && (r = sd_bus_message_read_basic(m, type, &flag)) >= 0)
                *ret = json_object_new_boolean(flag);
        else
                return r < 0 ? r : -EBADMSG;
        return *ret ? 0 : -ENOMEM;
}
