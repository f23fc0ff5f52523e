/* Breaks: an object exports iro_plugin_entry. */
int not_the_entry;
