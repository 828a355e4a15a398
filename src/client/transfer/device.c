/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/device.h"

#include <string.h>

static bool hook(DiskCall call, const char *path, void *data, GError **error)
{
	Device *device = data;
	device->calls[call]++;
	if (device->countdown == 0 || (!device->any && call != device->call) ||
	    --device->countdown > 0) {
		return true;
	}
	if (device->act) {
		device->act(device);
		return true;
	}
	g_set_error(error, DRIVE_ERROR, (int)device->fail_code, "the disk fails");
	return false;
}

Device *device_new(void)
{
	Device *device = g_new0(Device, 1);
	g_autoptr(GError) error = NULL;
	device->memory = disk_memory_new(NULL);
	Disk *inner = disk_memory_open(device->memory, "marker", true, &error);
	g_assert_no_error(error);
	device->disk = disk_faulty_new(inner, hook, device);
	device->fail_code = DRIVE_ERROR_IO;
	device->drive = fake_drive_new();
	device->remote = fake_drive_remote(device->drive);
	return device;
}

void device_free(Device *device)
{
	if (!device) {
		return;
	}
	remote_free(device->remote);
	fake_drive_free(device->drive);
	disk_close(device->disk);
	disk_memory_free(device->memory);
	g_free(device);
}

int64_t device_now_us(void *data)
{
	Device *device = data;
	return disk_memory_time(device->memory) / 1000;
}

void device_pass_time(Device *device)
{
	disk_memory_set_time(device->memory, disk_memory_time(device->memory) + 1000000000);
}

void device_write(Device *device, const char *path, const void *bytes, size_t size)
{
	g_autoptr(GError) error = NULL;
	disk_memory_user_write(device->memory, path, bytes, size, &error);
	g_assert_no_error(error);
	device_pass_time(device);
}

void device_write_text(Device *device, const char *path, const char *text)
{
	device_write(device, path, text, strlen(text));
}

GBytes *device_noise(size_t size, uint64_t seed)
{
	uint8_t *bytes = g_malloc(size + 8);
	uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
	for (size_t i = 0; i < size; i += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(bytes + i, &state, 8);
	}
	return g_bytes_new_take(bytes, size);
}

GBytes *device_write_noise(Device *device, const char *path, size_t size, uint64_t seed)
{
	GBytes *bytes = device_noise(size, seed);
	device_write(device, path, g_bytes_get_data(bytes, NULL), size);
	return bytes;
}

DiskInfo device_look(Device *device, const char *path)
{
	g_autoptr(GError) error = NULL;
	DiskInfo info;
	disk_look(device->disk, path, &info, &error);
	g_assert_no_error(error);
	return info;
}
